"""A table of stays as people write it (CSV), and every fault in it with its place."""

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from app.cli.terminal import counted
from app.errors import Invalid, Problem
from app.facts.stays import Stay
from app.language.suggest import did_you_mean, one_of

COLUMNS = ("entry", "exit", "basis")
# Names are those of the wire (kinds of visas and permits) where it has them.
COUNTED = ("short_stay", "visa_free", "visa", "tourist", "business", "private", "transit")
LEFT_OUT = ("residence_permit", "temporary_stay_permit", "long_stay_visa", "long_stay")
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Row:
    """A stay, the basis it is on, None if none is given, and its line in the table."""

    stay: Stay
    basis: str | None
    line: int


def read(content: bytes, name: str) -> list[Row]:
    """The rows of the table in their order; raises Invalid that names every fault as `name:line:column`."""
    table = _Table(name)
    try:
        table.read(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line, column = content.count(b"\n", 0, error.start) + 1, error.start - content.rfind(b"\n", 0, error.start)
        table.fault(line, column, "this is no text in UTF-8", "save the table as CSV UTF-8")
    if table.faults:
        raise Invalid(f"The stays cannot be counted: {counted(len(table.faults), 'fault')}.", table.faults)
    return table.rows


@dataclass(slots=True)
class _Table:
    """What has been read so far."""

    name: str
    rows: list[Row] = field(default_factory=list)
    faults: list[Problem] = field(default_factory=list)

    def fault(self, line: int, column: int, message: str, hint: str) -> None:
        self.faults.append(Problem(f"{self.name}:{line}:{column}", message, hint))

    def read(self, text: str) -> None:
        reader = csv.reader(text.splitlines(keepends=True), strict=True)
        try:
            lines = [(reader.line_num, cells) for cells in reader if any(cell.strip() for cell in cells)]
        except csv.Error as error:
            self.fault(reader.line_num, 1, f"this is no row of a table: {error}", "quotes come in pairs")
            return
        if not lines:
            self.fault(1, 1, "there is no header", f"the first line is: {','.join(COLUMNS)}")
            return
        header = self._header(*lines[0])
        if not self.faults:
            for line, cells in lines[1:]:
                self._row(line, cells, header)

    def _header(self, line: int, cells: Sequence[str]) -> list[str]:
        header = [cell.strip().lower() for cell in cells]
        for index, column in enumerate(header):
            if column not in COLUMNS:
                apart = ";" in column or "\t" in column
                hint = "commas go between columns" if apart else did_you_mean(column, COLUMNS, one_of(COLUMNS))
                self.fault(line, _place(cells, index), f"there is no column {column!r}", hint)
            elif column in header[:index]:
                self.fault(line, _place(cells, index), f"the column {column} is there twice", "once is enough")
        for column in COLUMNS[:2]:
            if column not in header:
                self.fault(line, 1, f"the column {column} is missing", f"the first line is: {','.join(COLUMNS)}")
        return header

    def _row(self, line: int, cells: Sequence[str], header: Sequence[str]) -> None:
        if len(cells) != len(header):
            found = f"{counted(len(cells), 'cell')} where the header has {len(header)}"
            self.fault(line, _place(cells, len(cells) - 1), found, "an empty cell still has its comma")
            return
        values = {column: cell.strip() for column, cell in zip(header, cells, strict=True)}
        places = {column: _place(cells, index) for index, column in enumerate(header)}
        before = len(self.faults)
        entry = self._day(values["entry"], line, places["entry"])
        leave = self._day(values["exit"], line, places["exit"]) if values["exit"] else None
        basis = self._basis(values.get("basis", ""), line, places.get("basis", 1))
        if entry and leave and leave < entry:
            hint = f"the entry is on {entry}; leave the exit empty if the person is still there"
            self.fault(line, places["exit"], f"the exit on {leave} is before the entry", hint)
        if entry and len(self.faults) == before:
            self.rows.append(Row(Stay(entry, leave, counted=basis not in LEFT_OUT), basis, line))

    def _day(self, text: str, line: int, place: int) -> date | None:
        if not _ISO.fullmatch(text):
            found = f"{text!r} is not a date" if text else "there is no date of entry"
            self.fault(line, place, found, "dates are written like 2026-03-01")
            return None
        try:
            return date.fromisoformat(text)
        except ValueError:
            self.fault(line, place, f"there is no day {text}", "the calendar does not have it")
            return None

    def _basis(self, text: str, line: int, place: int) -> str | None:
        name = re.sub(r"[\s_-]+", "_", text.lower())
        if name and name not in COUNTED + LEFT_OUT:
            kinds = f"counted are {', '.join(COUNTED)} or nothing; left out are {', '.join(LEFT_OUT)}"
            self.fault(line, place, f"there is no basis {text!r}", kinds)
        return name or None


def _place(cells: Sequence[str], index: int) -> int:
    # Quotes are gone by now; a row that has any is off by theirs.
    return sum(len(cell) + 1 for cell in cells[:index]) + 1
