"""Working days of a state, `calendars/<STATE>.yaml`, and hours of checkpoints, `calendars/checkpoints.yaml`."""

import re
from collections.abc import Iterator
from datetime import date

from app.language.calendars import A_DAY, WEEK, Calendar, Hours, MonthDay, OpenDays, OpeningHours, Season, Weekday
from app.language.diagnostics import Report
from app.language.from_surface.periods import in_words
from app.language.from_surface.provisions import Verification
from app.language.from_surface.shapes import LANGUAGES, choice, day, items, mapping, period, shown, text, texts, titles
from app.language.ir import Period, Texts
from app.language.suggest import did_you_mean
from app.language.surface import Mapping, Node, Scalar, Sequence
from app.vocabulary.countries import ISO3

_HEAD = ("source", "verification", "weekend", "covers")
_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]|24(?=:00)):([0-5]\d)", re.ASCII)
_MONTH_DAY = re.compile(r"[0-9]{2}-[0-9]{2}")
_LEAP = 2000  # a year that has every day a season may begin or end on


def calendar(stem: str, node: Node, report: Report) -> Calendar | None:
    """One file of `calendars/`; `stem` is its name, a state."""
    what = f"calendars/{stem}.yaml"
    if stem not in ISO3:
        hint = did_you_mean(stem, sorted(ISO3), "Name the file after an ISO 3166 alpha-3 code")
        report.error(node.at, "unknown-code", f"{stem} is no state", hint)
    entry = mapping(node, what, report, _HEAD, ("title", "holidays", "working", "note"))
    if entry is None:
        return None
    titles(entry.get("title"), "title", report)
    text(entry.get("note"), "note", report)
    text(entry.get("source"), "source", report)
    choice(entry.get("verification"), Verification, "verification", report)
    weekend = _weekdays(entry.get("weekend"), "weekend", report)
    covers = _covers(entry.get("covers"), report)
    holidays = dict(_holidays(entry.get("holidays"), covers, report))
    working = frozenset(_working(entry.get("working"), weekend, covers, holidays, report))
    return Calendar(stem, weekend, covers, holidays, working) if covers else None


def opening(node: Node, report: Report) -> Iterator[OpeningHours]:
    """All of `calendars/checkpoints.yaml`; whether the checkpoints are in the register is checked elsewhere."""
    found = mapping(node, "calendars/checkpoints.yaml", report, optional=None)
    for key, value in found.entries if found else ():
        days = (
            _open_days(item, f"an entry of {key.text}", report)
            for item in items(value, f"the hours of {key.text}", report)
        )
        yield OpeningHours(key.text, tuple(filter(None, days)), key.at)


def _weekdays(node: Node | None, what: str, report: Report) -> frozenset[Weekday]:
    found: set[Weekday] = set()
    for item in items(node, what, report):
        weekday = choice(item, Weekday, f"a day of {what}", report)
        if weekday in found:
            report.error(item.at, "listed-twice", f"{weekday} is in {what} twice", "Keep one of the two")
        found |= {weekday} if weekday else set()
    return frozenset(found)


def _covers(node: Node | None, report: Report) -> Period | None:
    """Days with both ends; None for an absent or wrong one."""
    found = period(mapping(node, "covers", report, ("from", "until")), "covers", report) if node else None
    return found if found and found.first and found.last else None


def _holidays(node: Node | None, covers: Period | None, report: Report) -> Iterator[tuple[date, Texts]]:
    found = mapping(node, "holidays", report, optional=None) if node else None
    for key, value in found.entries if found else ():
        when = day(key, "a holiday", report)
        what = f"the holiday of {key.text}"
        if isinstance(value, Mapping):
            name = texts(value, what, report, ("en",), LANGUAGES)
        else:
            name = {"en": text(value, what, report) or ""}
        if when:
            _covered(when, key, covers, report)
            yield when, name


def _covered(when: date, node: Node, covers: Period | None, report: Report) -> None:
    if covers and when not in covers:
        message = f"{when} is outside what the calendar covers, {in_words(covers)}"
        report.error(node.at, "outside-cover", message, "Widen `covers` if all its days are known, or leave it out")


def _working(
    node: Node | None, weekend: frozenset[Weekday], covers: Period | None, holidays: dict[date, Texts], report: Report
) -> Iterator[date]:
    seen: set[date] = set()
    for item in items(node, "working", report):
        when = day(item, "a working day", report)
        if when is None:
            continue
        _covered(when, item, covers, report)
        weekday = WEEK[when.weekday()]
        if when in seen:
            report.error(item.at, "listed-twice", f"{when} is in working twice", "Keep one of the two")
        elif when in holidays:
            report.error(item.at, "both-rest-and-work", f"{when} is a holiday too", "Keep it in one of the two")
        elif weekday not in weekend:
            message = f"{when} is a {weekday.title()}, a working day by itself"
            report.error(item.at, "no-rest-day", message, "List days of the weekend that were made working days")
        seen.add(when)
        yield when


def _open_days(node: Node, what: str, report: Report) -> OpenDays | None:
    optional = ("from", "until", "season", "days", "note")
    entry = mapping(node, what, report, ("hours", "source"), optional)
    if entry is None:
        return None
    when = period(entry, what, report)
    days = _weekdays(entry.get("days"), "days", report) if entry.get("days") else frozenset(Weekday)
    season = _season(entry.get("season"), report)
    hours = _hours(entry.get("hours"), report)
    source = text(entry.get("source"), "source", report) or ""
    note = text(entry.get("note"), "note", report) or ""
    return OpenDays(when, season, days, hours, source, note) if when and hours is not None else None


def _season(node: Node | None, report: Report) -> Season | None:
    entry = mapping(node, "season", report, ("from", "until")) if node else None
    if entry is None:
        return None
    first, last = (_month_day(entry.get(end), f"season.{end}", report) for end in ("from", "until"))
    return Season(first, last) if first and last else None


def _month_day(node: Node | None, what: str, report: Report) -> MonthDay | None:
    if node is None:
        return None
    if isinstance(node, Scalar) and _MONTH_DAY.fullmatch(node.text):
        try:
            found = date.fromisoformat(f"{_LEAP}-{node.text}")
        except ValueError:
            hint = "Write a day of the calendar, MM-DD"
            report.error(node.at, "impossible-date", f"there is no day {node.text} in a year", hint)
            return None
        return found.month, found.day
    report.error(node.at, "no-month-day", f"{what} is a day of the year, not {shown(node)}", "Write MM-DD")
    return None


def _hours(node: Node | None, report: Report) -> tuple[Hours, ...] | None:
    """Hours of a day, none for `closed`; None for an absent or wrong one."""
    match node:
        case None:
            return None
        case Sequence(several):
            if not several:
                report.error(node.at, "empty-list", "there are no hours in this list", "Write closed if that is meant")
            return tuple(each for item in several if (each := _span(item, report)))
        case Scalar(_, "closed"):
            return ()
        case Scalar(_, "24h"):
            return (Hours(0, A_DAY),)
        case _:
            span = _span(node, report)
            return (span,) if span else None


def _span(node: Node, report: Report) -> Hours | None:
    match = _HOURS.fullmatch(node.text) if isinstance(node, Scalar) else None
    if match is None:
        hint = 'Write "10:00-18:00", a list of such, 24h or closed'
        report.error(node.at, "no-hours", f"hours are two times of day, not {shown(node)}", hint)
        return None
    start, end = (60 * int(hour) + int(minute) for hour, minute in (match.group(1, 2), match.group(3, 4)))
    if start == end:
        report.error(node.at, "no-hours", f"the hours {match[0]} begin and end together", "Write 24h or closed")
    return Hours(start, end if end > start else end + A_DAY)
