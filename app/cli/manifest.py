"""`gerege manifest`: an advance list of passengers or crew, read and checked."""

import sys
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from app.cli.terminal import ExitCode, Format, FormatOption, WrongUseError, counted, out, write_json
from app.vocabulary.paxlst import MAX_BYTES, Flaw, Leg, Manifest, Person, parse


def manifest(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A PAXLST message; - reads standard input.")],
    form: FormatOption = Format.TEXT,
) -> None:
    """Read a passenger or crew list (UN/EDIFACT PAXLST) and name each flaw with the segment that has it."""
    manifests = parse(_content(file))
    if form is Format.JSON:
        write_json([_plain(each) for each in manifests])
    else:
        for each in manifests:
            _print(each)
    if any(each.flaws for each in manifests):
        raise typer.Exit(ExitCode.FAULTS)


def _content(name: str) -> bytes:
    """One byte more than may be read is enough to tell that it is too much."""
    if name == "-":
        return sys.stdin.buffer.read(MAX_BYTES + 1)
    try:
        with Path(name).open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise WrongUseError(f"{name} cannot be read: {error.strerror}.") from error


def _plain(read: Manifest) -> dict[str, object]:
    return asdict(read) | {"whole": read.whole, "crew": read.crew, "document_keys": read.document_keys}


def _print(read: Manifest) -> None:
    out.print(_heading(read))
    out.print()
    out.print(_itinerary(read.legs))
    out.print()
    out.print(_persons(read.persons))
    out.print()
    passengers = counted(len(read.persons) - read.crew, "passenger")
    out.print(f"{passengers}, {read.crew:,} crew, {counted(len(read.flaws), 'flaw')}", style="bold")
    if read.flaws:
        out.print(_flaws(read.flaws))
    out.print()


def _heading(read: Manifest) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    part = "" if read.part is None else f", part {read.part}{' (the last)' if read.final else ''}"
    todo = f", {read.function}" if read.function else ""
    rows = {
        "list": f"{_words(read.kind)}{todo}{part}",
        "message": f"PAXLST {read.release}, reference {read.message_reference or '-'}",
        "from": read.sender,
        "to": read.recipient,
        "prepared": read.prepared_at and f"{read.prepared_at:%Y-%m-%d %H:%M}",
    }
    for name, value in rows.items():
        table.add_row(name, value or "-")
    return table


def _words(code: str | None) -> str:
    return (code or "list of no kind").replace("_", " ")


def _itinerary(legs: Iterable[Leg]) -> Table:
    table = _table("flight", "from", "departs (local)", "to", "arrives (local)")
    for leg in legs:
        departs, arrives = (
            f"{time:%Y-%m-%d %H:%M}" if time else "-" for time in (leg.departure_local, leg.arrival_local)
        )
        table.add_row(leg.voyage or "-", leg.departure_place or "-", departs, leg.arrival_place or "-", arrives)
    return table


def _persons(persons: Iterable[Person]) -> Table:
    table = _table("role", "name", "nat.", "document", "born", "from", "to")
    for person in persons:
        document = person.document
        table.add_row(
            _words(person.role),
            ", ".join(filter(None, (person.surname, person.given_names))),
            person.nationality or "-",
            " ".join(filter(None, (document.code, document.issuer, document.number))) if document else "-",
            str(person.birth_date or "-"),
            person.embarkation or "-",
            person.disembarkation or "-",
        )
    return table


def _flaws(flaws: Iterable[Flaw]) -> Table:
    """Flaws by what is wrong: hundreds of persons may have the same."""
    places: dict[tuple[str, str, str], list[str]] = {}
    for flaw in flaws:
        places.setdefault((flaw.tag, flaw.message, flaw.right), []).append(str(flaw.segment))
    table = _table("segments", "tag", "what is wrong", "what would be right")
    for (tag, message, right), segments in places.items():
        table.add_row(" ".join(segments), tag, message, right, style="yellow")
    return table


def _table(*columns: str) -> Table:
    return Table(*columns, box=None, header_style="bold", pad_edge=False)
