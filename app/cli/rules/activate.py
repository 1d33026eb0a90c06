"""`gerege rules activate`: put the rules of a folder in force on every server of a database."""

import typer

from app.cli.database import opened
from app.cli.rules.reading import DirArgument, compiled, show, sources_in
from app.cli.settings import DatabaseOption, settings
from app.cli.terminal import CannotRunError, ExitCode, counted, err, out
from app.clock import SystemClock
from app.evaluation.reload import loaded_from
from app.storage import rulebooks
from app.storage.engine import transaction


def activate(folder: DirArgument = None, database: DatabaseOption = None) -> None:
    """Servers take it over within seconds, without a restart; rules with errors change nothing, and the code is 1."""
    folder, sources = sources_in(folder)
    found, diagnostics = compiled(sources)
    if found and not found.rulebook.rules:
        raise CannotRunError(f"There are no rules in {folder}: every crossing would be found compliant.")
    if found is None:
        show(diagnostics, folder, sources, err)
        raise typer.Exit(ExitCode.FAULTS)
    rulebook = found.rulebook
    with opened(settings(database_url=database).database_url) as opening, transaction(opening) as tx:
        before = rulebooks.active(tx)
        now, actor = SystemClock().now(), "gerege rules activate"
        rulebooks.activate(tx, rulebook.digest, rulebook.sources, now, actor, loaded_from(folder))
    if before == rulebook.digest:
        out.print(f"{rulebook.digest} is in force already.", soft_wrap=True)
    else:
        out.print(f"{counted(len(rulebook.rules), 'rule')} in force: {rulebook.digest}", soft_wrap=True)
