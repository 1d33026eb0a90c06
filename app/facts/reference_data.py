"""The tables of the rulebook that facts are derived with: checkpoints, visa matrix, UN numbers, HS codes."""

import csv
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from io import StringIO
from typing import Any, TypeAlias, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from app.language.diagnostics import Diagnostic, Severity
from app.language.ir import Period, Position
from app.vocabulary.codes import CapacityUnit, Classification, Mode, UnStatus, VisaRequirement
from app.vocabulary.countries import ISO3, STATE_CODES

CHECKPOINTS, VISAS, UN_NUMBERS, HS = (
    "checkpoints.csv",
    "lists/visa_requirements.csv",
    "lists/un_numbers.csv",
    "lists/hs.csv",
)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A row of the register. `neighbour` is None for air and sea; what is not known is None.

    Coordinates are in degrees, those of the town; capacity is what the checkpoint was built for, a day.
    """

    code: str
    name: str
    state: str
    neighbour: str | None
    modes: tuple[str, ...]
    classification: str | None
    open: Period
    time_zone: ZoneInfo
    latitude: float | None = None
    longitude: float | None = None
    capacity: int | None = None
    capacity_unit: CapacityUnit | None = None


@dataclass(frozen=True, slots=True)
class VisaRule:
    """What the matrix says for a passport and a destination in a period; `requirement` None: it does not say."""

    period: Period
    requirement: VisaRequirement | None
    days: int | None


# Codes in use for one and the same passport: the source's, and the two of Doc 9303-3.
_SAME = {"XKX": "RKS", "XXK": "RKS"}

K = TypeVar("K")
V = TypeVar("V")
VisaMatrix: TypeAlias = Mapping[tuple[str, str], tuple[VisaRule, ...]]


@dataclass(frozen=True, slots=True)
class ReferenceData:
    """All tables, parsed."""

    checkpoints: Mapping[str, Checkpoint]
    visas: VisaMatrix
    un_numbers: Mapping[str, UnStatus]
    hs_codes: frozenset[str]

    def visa(self, passport: str, destination: str, day: date) -> VisaRule | None:
        """The matrix's entry on that day; None if it has none."""
        rules = self.visas.get((_SAME.get(passport, passport), destination), ())
        return next((rule for rule in rules if day in rule.period), None)


_DEGREES = re.compile(r"-?[0-9]{1,3}(\.[0-9]{1,9})?")
_COUNT = re.compile(r"[1-9][0-9]{0,8}")
_CUT = "the row does not have the table's {columns} columns; look for a comma or a quotation mark too few or too many"


class _BadCellError(Exception):
    def __init__(self, column: str, message: str) -> None:
        super().__init__(message)
        self.column, self.message = column, message


def parse(sources: Mapping[str, str]) -> tuple[ReferenceData, tuple[Diagnostic, ...]]:
    """Read the tables of a rulebook's sources; a bad row is left out and named in a diagnostic."""
    diagnostics: list[Diagnostic] = []
    checkpoints = dict(_rows(sources, CHECKPOINTS, _checkpoint, diagnostics))
    visas: dict[tuple[str, str], list[VisaRule]] = defaultdict(list)
    for key, rule in _rows(sources, VISAS, _visa, diagnostics, unique=False):
        visas[key].append(rule)
    un_numbers = dict(_rows(sources, UN_NUMBERS, lambda row: (row["un_number"], UnStatus(row["status"])), diagnostics))
    hs_codes = _rows(sources, HS, lambda row: (row["hscode"], None), diagnostics)
    data = ReferenceData(
        checkpoints,
        {key: tuple(rules) for key, rules in visas.items()},
        un_numbers,
        frozenset(code for code, _ in hs_codes),
    )
    return data, tuple(diagnostics)


def _rows(
    sources: Mapping[str, str],
    file: str,
    read: Callable[[Mapping[str, str]], tuple[K, V]],
    diagnostics: list[Diagnostic],
    *,
    unique: bool = True,
) -> Iterator[tuple[K, V]]:
    seen: set[K] = set()
    if file not in sources:
        return
    lines = csv.DictReader(StringIO(sources[file]), strict=True)
    rows = 0
    try:
        for row in lines:
            rows += 1
            place = lines.line_num
            try:
                key, value = read(_whole(row))
            except _BadCellError as bad:
                diagnostics.append(_diagnostic(file, place, row, bad.column, bad.message))
            except (KeyError, ValueError, TypeError) as error:
                diagnostics.append(_diagnostic(file, place, row, next(iter(row)), f"this row cannot be read: {error}"))
            else:
                if unique and key in seen:
                    message = f"`{key}` stands in an earlier row too"
                    diagnostics.append(_diagnostic(file, place, row, next(iter(row)), message))
                seen.add(key)
                yield key, value
    except csv.Error as error:
        at = Position(file, lines.line_num or 1, 1)
        diagnostics.append(Diagnostic(Severity.ERROR, "bad-row", at, f"the table cannot be read from here: {error}"))
    if not rows:
        diagnostics.append(Diagnostic(Severity.ERROR, "no-rows", Position(file, 1, 1), "the table has no rows"))


def _whole(row: Mapping[Any, Any]) -> Mapping[str, str]:
    """The row, which must have as many cells as the table has columns."""
    if None in row or None in row.values():
        raise _BadCellError(next(iter(row)), _CUT.format(columns=len([name for name in row if name is not None])))
    return row


def _diagnostic(file: str, line: int, row: Mapping[str, str], column: str, message: str) -> Diagnostic:
    place = list(row).index(column) if column in row else 0
    before = sum(len(cell or "") + 1 for cell in list(row.values())[:place])
    return Diagnostic(Severity.ERROR, "bad-row", Position(file, line, before + 1), message)


def _checkpoint(row: Mapping[str, str]) -> tuple[str, Checkpoint]:
    modes = tuple(filter(None, row["modes"].split(";")))
    for mode in modes:
        _one_of("modes", mode, frozenset(Mode))
    state = _one_of("state", row["state"], ISO3)
    if not row["code"].startswith(f"{state}-"):
        raise _BadCellError("code", f"`{row['code']}` must begin with its state, `{state}-`")
    latitude, longitude = _degrees(row, "latitude", 90), _degrees(row, "longitude", 180)
    if (latitude is None) is not (longitude is None):
        raise _BadCellError("latitude", "latitude and longitude belong together; one is empty")
    capacity, unit = _capacity(row)
    return row["code"], Checkpoint(
        code=row["code"],
        name=row["name"],
        state=state,
        neighbour=_one_of("neighbour", row["neighbour"], ISO3) if row["neighbour"] else None,
        modes=modes,
        classification=_one_of("classification", row["classification"], frozenset(Classification))
        if row["classification"]
        else None,
        open=Period(_day(row, "open_from"), _day(row, "open_until")),
        time_zone=_zone(row["time_zone"]),
        latitude=latitude,
        longitude=longitude,
        capacity=capacity,
        capacity_unit=unit,
    )


def _degrees(row: Mapping[str, str], column: str, most: int) -> float | None:
    """Degrees north or east; None for an empty cell or a register without the column."""
    cell = row.get(column, "")
    if not cell:
        return None
    if not _DEGREES.fullmatch(cell) or abs(float(cell)) > most:
        raise _BadCellError(column, f"`{cell}` is not a number of degrees from -{most} to {most}")
    return float(cell)


def _capacity(row: Mapping[str, str]) -> tuple[int | None, CapacityUnit | None]:
    cell, unit = row.get("capacity_per_day", ""), row.get("capacity_unit", "")
    if bool(cell) is not bool(unit):
        raise _BadCellError("capacity_per_day", "capacity_per_day and capacity_unit belong together; one is empty")
    if not cell:
        return None, None
    if not _COUNT.fullmatch(cell):
        raise _BadCellError("capacity_per_day", f"`{cell}` is not a whole number above zero")
    return int(cell), CapacityUnit(_one_of("capacity_unit", unit, frozenset(CapacityUnit)))


def _one_of(column: str, value: str, allowed: frozenset[str]) -> str:
    if value not in allowed:
        raise _BadCellError(column, f"`{value}` is not a known {column}")
    return value


def _day(row: Mapping[str, str], column: str) -> date | None:
    if not row[column]:
        return None
    try:
        return date.fromisoformat(row[column])
    except ValueError as error:
        raise _BadCellError(column, f"`{row[column]}` is not a day of the form 2026-03-01") from error


@cache
def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise _BadCellError("time_zone", f"`{name}` is not a time zone of the IANA database") from error


_REQUIREMENTS: Mapping[str, VisaRequirement | None] = {
    "visa required": VisaRequirement.VISA,
    "visa free": VisaRequirement.NONE,
    "visa on arrival": VisaRequirement.VISA_ON_ARRIVAL,
    "e-visa": VisaRequirement.E_VISA,
    "eta": VisaRequirement.ELECTRONIC_AUTHORISATION,
    "no admission": VisaRequirement.NO_ADMISSION,
    # A closure of the border hid what the visa rule was; guessing it would accuse or clear without ground.
    "covid ban": None,
}


def _visa(row: Mapping[str, str]) -> tuple[tuple[str, str], VisaRule]:
    passport = _SAME.get(row["passport"], row["passport"])
    key = _one_of("passport", passport, STATE_CODES), _one_of("destination", row["destination"], ISO3)
    until = _day(row, "observed_until")
    # The source's intervals are half-open, the law's are inclusive.
    period = Period(_day(row, "observed_from"), until - timedelta(days=1) if until else None)
    text = row["requirement"]
    if text.isdecimal():
        return key, VisaRule(period, VisaRequirement.VISA_FREE_DAYS, int(text))
    if text not in _REQUIREMENTS:
        raise _BadCellError("requirement", f"`{text}` is not a known visa requirement")
    return key, VisaRule(period, _REQUIREMENTS[text], None)
