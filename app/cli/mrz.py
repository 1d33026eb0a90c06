"""`gerege mrz`: a machine readable zone read and checked."""

from dataclasses import fields
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from app.cli.terminal import ExitCode, Format, FormatOption, fault, out, write_json
from app.vocabulary.mrz import Mrz, MrzError, MrzFields, parse

_NAMES = tuple(field.name for field in fields(MrzFields))


def mrz(
    lines: Annotated[list[str], typer.Argument(metavar="LINE LINE [LINE]", help="The lines, in quotes.")],
    form: FormatOption = Format.TEXT,
) -> None:
    """Read a machine readable zone (ICAO Doc 9303: TD1, TD2, TD3, MRV-A, MRV-B) and verify its check digits."""
    try:
        read = parse(lines)
    except MrzError as error:
        if form is Format.JSON:
            write_json({"valid": False, "error": str(error)})
        else:
            fault(str(error))
        raise typer.Exit(ExitCode.FAULTS) from error
    if form is Format.JSON:
        write_json(_plain(read))
    else:
        _print(read)
    if not read.valid:
        raise typer.Exit(ExitCode.FAULTS)


def _plain(read: Mrz) -> dict[str, Any]:
    return {
        "format": read.format.value,
        "fields": {name: getattr(read, name) for name in _NAMES},
        "checks": dict(read.checks),
        "valid": read.valid,
    }


def _print(read: Mrz) -> None:
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_row("format", read.format)
    for name in _NAMES:
        if value := getattr(read, name):
            table.add_row(name, value)
    for name, holds in read.checks.items():
        table.add_row(f"check {name}", Text("✓ right", "green") if holds else Text("✗ wrong", "red"))
    table.add_row("valid", "yes" if read.valid else "no", style="bold")
    out.print(table)
