"""`gerege replay`: stored decisions judged again from their stored rulebooks and facts."""

from dataclasses import asdict
from pathlib import Path

import typer
from rich.progress import track
from sqlalchemy import make_url

from app.cli.database import opened
from app.cli.settings import DatabaseOption, settings
from app.cli.terminal import CannotRunError, ExitCode, Format, FormatOption, counted, err, fault, out, write_json
from app.evaluation.replay import Difference, count, run


def replay(database: DatabaseOption = None, form: FormatOption = Format.TEXT) -> None:
    """Judge every stored decision again, from the rulebook and the facts stored with it, and report any difference."""
    url = settings(database_url=database).database_url
    file = make_url(url).database
    if url.startswith("sqlite") and not Path(file or "").is_file():
        raise CannotRunError(f"There is no database {file}. Name it with --database, or set GEREGE_DATABASE_URL.")
    with opened(url) as engine:
        total = count(engine)
        judged, found = 0, list[Difference]()
        for _, differences in track(run(engine), "Judging again", total, console=err, transient=True):
            judged += 1
            found += differences
            if form is Format.TEXT:
                for each in differences:
                    fault(_told(each))
    if form is Format.JSON:
        write_json({"decisions": judged, "differences": [asdict(each) for each in found]})
    else:
        text = f"{counted(judged, 'decision')} judged again, {counted(len(found), 'difference')}."
        out.print(text, style="bold red" if found else "bold green")
    if found:
        raise typer.Exit(ExitCode.FAULTS)


def _told(difference: Difference) -> str:
    where = f"crossing {difference.crossing}, decision {difference.decision}"
    if difference.subject is None:
        return f"{where}: cannot be judged: {difference.message}"
    kind, index = difference.subject
    stored, replayed = difference.stored or "not_applicable", difference.replayed or "not_applicable"
    return f"{where}: {difference.rule} of {kind} {index}: stored {stored}, now {replayed}"
