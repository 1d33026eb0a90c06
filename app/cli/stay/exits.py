"""Entries without an exit that another entry follows: the person left in between, on whatever day."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from app.cli.stay.reading import Row
from app.facts.stays import Presence, Stay


@dataclass(frozen=True, slots=True)
class Stays:
    """The rows with the fewest and the most days that can count, and by line those without an exit.

    `without_exit` has the day of the next entry, by which the person must have left.
    """

    rows: Sequence[Row]
    least: Presence
    most: Presence
    without_exit: dict[int, date]

    def last_day(self, row: Row) -> date | None:
        """The last day the stay can have had; None if it goes on."""
        return self.without_exit.get(row.line, row.stay.exit)


def counted_up_to(rows: Sequence[Row], day: date) -> Stays:
    """The stays as they can have been up to a day."""
    without = {row.line: following for row in rows if (following := _following(row, rows, day))}
    least = Presence.of(_bounded(rows, without, counted_long=False), day)
    most = Presence.of(_bounded(rows, without, counted_long=True), day) if without else least
    return Stays(rows, least, most, without)


def _following(row: Row, rows: Sequence[Row], day: date) -> date | None:
    """The day of the entry that shows that the stay had ended; None if the row has an exit, or nothing follows."""
    if row.stay.exit is not None:
        return None
    return min((other.stay.entry for other in rows if other.stay.entry <= day and _follows(other, row)), default=None)


def _follows(other: Row, row: Row) -> bool:
    if other.stay.entry != row.stay.entry:
        return other.stay.entry > row.stay.entry
    # On one day: who came and left came before, and of an entry that is noted twice the later is the one that counts.
    return other.line > row.line if other.stay.exit is None else other.stay.exit > other.stay.entry


def _bounded(rows: Sequence[Row], without: dict[int, date], *, counted_long: bool) -> Iterator[Stay]:
    """The stays; where an exit is missing, those that count (or do not) as long as can be, the others as short."""
    for row in rows:
        following = without.get(row.line)
        if following is None:
            yield row.stay
        else:
            long = row.stay.counted is counted_long
            yield replace(row.stay, exit=following if long else row.stay.entry)
