"""The rules folder of a command, and diagnostics with the line they are about and a caret under the place."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, TypeAlias

import typer
from rich.console import Console
from rich.text import Text

from app.cli.settings import settings
from app.cli.terminal import CannotRunError, err, working
from app.evaluation.reload import InForce, compile_sources
from app.language.diagnostics import Diagnostic, Severity
from app.language.load import read_sources

DirArgument: TypeAlias = Annotated[
    Path | None, typer.Argument(metavar="[DIR]", help="Folder of the rules. [GEREGE_RULES_DIR]", show_default=False)
]
_COLOURS = {Severity.ERROR: "bold red", Severity.WARNING: "bold yellow"}


def sources_in(folder: Path | None) -> tuple[Path, Mapping[str, str]]:
    """The folder, by default that of the settings, and its files; raises CannotRunError if there are none."""
    root = settings(rules_dir=folder).rules_dir
    sources = read_sources(root)
    if not sources:
        raise CannotRunError(f"There are no rules in {root}. Name their folder, or set GEREGE_RULES_DIR.")
    return root, sources


def compiled(sources: Mapping[str, str]) -> tuple[InForce | None, tuple[Diagnostic, ...]]:
    """The rulebook with its tables, None if there is any error; and all that is to be said of the files."""
    with working("Reading the rules…"):
        return compile_sources(sources)


def show(
    diagnostics: Iterable[Diagnostic], folder: Path, sources: Mapping[str, str], console: Console | None = None
) -> None:
    """Print each diagnostic, by default on standard error, in lines that editors and `grep` understand."""
    for each in diagnostics:
        for line in _lines(each, folder, sources):
            (console or err).print(line, soft_wrap=True)


def _lines(found: Diagnostic, folder: Path, sources: Mapping[str, str]) -> Iterator[Text]:
    place = f"{folder / found.at.file}:{found.at.line}:{found.at.column}: "
    said = " ".join(text if text[-1] in ".?!" else f"{text}." for text in (found.message, found.hint) if text)
    severity = (f"{found.severity}: ", _COLOURS[found.severity])
    yield Text.assemble((place, "bold"), severity, f"{said} ", (f"[{found.code}]", "dim"))
    lines = sources.get(found.at.file, "").splitlines()
    if found.at.line <= len(lines):
        line = lines[found.at.line - 1]
        # Tabs are kept, so that the caret stands under its place whatever their width.
        before = "".join("\t" if character == "\t" else " " for character in line[: found.at.column - 1])
        yield Text(f"  {line}", "dim")
        yield Text(f"  {before}^", "green")
