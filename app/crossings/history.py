"""What is on record of subjects before a crossing, read for many at once.

Legs are read back to an instant; of each state the last of each direction before it come too, so that a stay that began
long ago is known.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from itertools import repeat
from operator import itemgetter
from typing import Any, Final

import orjson
from sqlalchemy import ColumnElement, func, or_, select

from app.crossings.links import clusters
from app.storage.engine import Transaction
from app.storage.tables import crossing_subjects, crossings, violations
from app.storage.types import Instant
from app.vocabulary.codes import Outcome, ViolationStatus
from app.vocabulary.listed import Listed
from app.vocabulary.past import NOTHING, TOO_MUCH, Leg, Offence, Past, Traffic

# More crossings of one subject within its windows are read of none: no person makes them, but a number that lanes enter
# where there is none does, and each event would cost more than the one before.
MOST_LEGS: Final = 5_000
# What officers found not to hold is no violation; what they found to hold is a confirmed one.
_NOT_STANDING: Final = (Outcome.DISMISSED, Outcome.OVERTURNED)
_CONFIRMED: Final = frozenset({Outcome.CONFIRMED, Outcome.UPHELD})
_BEFORE: Final = """(SELECT b.occurred_at FROM crossing_subjects b WHERE b.key = p.key AND b.state = p.state
    AND b.direction = p.direction AND b.occurred_at < p.since ORDER BY b.occurred_at DESC LIMIT 1)"""
# All of that instant: of two, which one came first says nothing.
_OF_PLACE: Final = "s.key = p.key AND s.state = p.state AND s.direction = p.direction AND s.occurred_at ="
# A column's values in one text: handed over one by one, they take longer than to find. None of them has a comma.
_LISTS: Final = ", ".join(
    f"group_concat(s.{name})"
    for name in ("occurred_at", "direction", "checkpoint", "basis", "local_date", "state", "crossing")
)
# `places` are the states and directions a key is on record with. Of each the next is looked up in an index, however
# many crossings there are of it; SQLite would walk through all of them to compare pairs. Of more legs than are ever
# read, the newest are, and one more.
_SQLITE: Final = f"""
WITH asked(key, since, until, start) AS MATERIALIZED (
    SELECT key, since, until, coalesce((SELECT w.occurred_at FROM crossing_subjects w WHERE w.key = v.key
        AND w.occurred_at BETWEEN v.since AND v.until ORDER BY w.occurred_at DESC LIMIT 1 OFFSET :most), since)
    FROM (SELECT value ->> 0 AS key, value ->> 1 AS since, value ->> 2 AS until FROM json_each(:asked)) v),
places(key, since, state, direction) AS (
    SELECT key, since, '', '' FROM asked
    UNION ALL SELECT p.key, p.since, s.state, s.direction FROM places p CROSS JOIN crossing_subjects s
    ON s.rowid = coalesce((SELECT n.rowid FROM crossing_subjects n WHERE n.key = p.key AND n.state = p.state
        AND n.direction > p.direction ORDER BY n.direction LIMIT 1), (SELECT n.rowid FROM crossing_subjects n
        WHERE n.key = p.key AND n.state > p.state ORDER BY n.state, n.direction LIMIT 1)))
SELECT a.key, {_LISTS} FROM asked a CROSS JOIN crossing_subjects s
ON s.key = a.key AND s.occurred_at BETWEEN a.start AND a.until GROUP BY a.key
UNION ALL SELECT p.key, {_LISTS} FROM places p CROSS JOIN crossing_subjects s ON {_OF_PLACE} {_BEFORE}
GROUP BY p.key
"""  # noqa: S608 (names given here)
_COLUMNS: Final = "s.occurred_at, s.direction, s.checkpoint, s.basis, s.local_date, s.state, s.key, s.crossing"
_POSTGRESQL: Final = f"""
WITH RECURSIVE asked(key, since, until) AS MATERIALIZED (
    SELECT v ->> 0, CAST(v ->> 1 AS timestamptz), CAST(v ->> 2 AS timestamptz)
    FROM jsonb_array_elements(CAST(%(asked)s AS jsonb)) AS t(v)),
places(key, since, state, direction) AS (
    SELECT key, since, CAST('' AS varchar), CAST('' AS varchar) FROM asked
    UNION ALL SELECT p.key, p.since, s.state, s.direction FROM places p CROSS JOIN LATERAL (
        SELECT n.state, n.direction FROM crossing_subjects n WHERE n.key = p.key
        AND (n.state, n.direction) > (p.state, p.direction) ORDER BY n.state, n.direction LIMIT 1) s)
SELECT {_COLUMNS} FROM asked a CROSS JOIN LATERAL (
    SELECT w.* FROM crossing_subjects w WHERE w.key = a.key AND w.occurred_at BETWEEN a.since AND a.until
    ORDER BY w.occurred_at DESC LIMIT %(most)s + 1) s
UNION ALL SELECT {_COLUMNS} FROM places p CROSS JOIN LATERAL {_BEFORE} l CROSS JOIN LATERAL (
    SELECT * FROM crossing_subjects s WHERE {_OF_PLACE} l.occurred_at OFFSET 0) s
"""  # noqa: S608 (names given here)
_INSTANT: Final = Instant()
_FOR_EVER: Final = datetime.max.replace(tzinfo=UTC)
# As `Leg._make`, for a tuple that is known to be as long: a thousand of them are made at once.
_LEG: Final[Callable[[Iterable[Any]], Leg]] = partial(tuple.__new__, Leg)


@dataclass(frozen=True, slots=True)
class Ask:
    """Whose past is asked for, by which crossing at which instant.

    Legs since an instant, and violations since another; of what None is given for, none.
    """

    key: str
    crossing: str
    at: datetime
    since: datetime | None
    offences_since: datetime | None = None


class Pasts:
    """Pasts of subjects, and their other keys; what is stored later in the same transaction is added by hand.

    `lists` are those of their voyages, by number; `passing` is what crossed where they did, by checkpoint and day.
    """

    lists: Mapping[str, tuple[Listed, ...]]
    passing: Mapping[tuple[str, date], "Passing"]

    def __init__(
        self,
        asks: Iterable[Ask] = (),
        keys: Mapping[str, frozenset[str]] | None = None,
        legs: dict[str, list[Leg]] | None = None,
        offences: dict[str, list[Offence]] | None = None,
        crowded: Mapping[Ask, Sequence[Leg] | None] | None = None,
    ) -> None:
        """`crowded` are subjects with more legs than are read: those of each window, or None for too many there too."""
        self._asks = {(ask.key, ask.crossing): ask for ask in asks}
        self._keys, self._legs, self._offences, self._crowded = keys or {}, legs or {}, offences or {}, crowded or {}
        self._made: dict[frozenset[str], Past] = {}
        self.lists, self.passing = {}, {}

    def of(self, key: str | None, crossing: str) -> Past:
        """What a crossing is judged by: the past of the subject that the key names, under all keys it has."""
        ask = self._asks.get((key or "", crossing))
        if ask is None:
            return NOTHING
        every = self._of_all(ask.key)
        if ask.since is None:
            return every
        if ask not in self._crowded and len(every.legs) <= MOST_LEGS:
            asked = _as_asked(every.legs, ask.since)
            return every if asked is every.legs else Past(asked, every.offences)
        # Only its own window counts, whatever others were asked for together with it, and whatever came later.
        known = self._crowded.get(ask, ())
        legs = () if known is None else sorted((*known, *every.legs))
        own = sum(ask.since <= leg.at <= ask.at and leg.crossing != crossing for leg in legs)
        if known is None or own > MOST_LEGS:
            return TOO_MUCH
        return Past(_as_asked(tuple(legs), ask.since), every.offences)

    def _of_all(self, key: str) -> Past:
        """All that was read of a subject and added since."""
        keys = self.keys(key)
        if keys not in self._made:
            legs = sorted(leg for each in keys for leg in self._legs.get(each, ()))
            offences = sorted(offence for each in keys for offence in self._offences.get(each, ()))
            self._made[keys] = Past(tuple(legs), tuple(offences))
        return self._made[keys]

    def after(self, key: str, crossing: str) -> Sequence[Leg] | None:
        """Legs of the subject since a crossing of it, sorted; None where they were not asked for, or are too many."""
        ask = self._asks.get((key, crossing))
        if ask is None:
            return ()
        if ask.since is None or ask in self._crowded:
            return None
        legs = self._of_all(key).legs
        return legs[bisect_left(legs, ask.at, key=itemgetter(0)) :]

    def keys(self, key: str) -> frozenset[str]:
        """All keys of the subject that one of them names."""
        return self._keys.get(key) or frozenset({key})

    def add(self, leg: Leg) -> None:
        """Take note of a crossing that is stored in this transaction."""
        self._legs.setdefault(leg.key, []).append(leg)
        self._made.pop(self.keys(leg.key), None)

    def add_offence(self, key: str, offence: Offence) -> None:
        """Take note of a violation that is stored in this transaction."""
        self._offences.setdefault(key, []).append(offence)
        self._made.pop(self.keys(key), None)


def _as_asked(legs: tuple[Leg, ...], since: datetime) -> tuple[Leg, ...]:
    """The legs that one would be given who asked alone: others may have asked for more of the same subject with it."""
    start = bisect_left(legs, since, key=itemgetter(0))
    if not start:
        return legs
    last = {(leg.key, leg.state, leg.direction): leg.at for leg in legs[:start]}
    before = tuple(leg for leg in legs[:start] if last[leg.key, leg.state, leg.direction] == leg.at)
    return legs if len(before) == start else (*before, *legs[start:])


def load(tx: Transaction, asks: Sequence[Ask]) -> Pasts:
    """The pasts of all subjects asked for."""
    if not asks:
        return Pasts()
    keys = clusters(tx, {ask.key for ask in asks})
    since: dict[str, datetime] = {}
    for ask in asks:
        if ask.since:
            since |= {key: min(ask.since, since.get(key, ask.since)) for key in keys[ask.key]}
    legs = _legs(tx, since, _FOR_EVER, MOST_LEGS) if since else {}
    crowded: dict[Ask, Sequence[Leg] | None] = {}
    for ask in asks:
        if ask.since and sum(len(legs.get(key, ())) for key in keys[ask.key]) > MOST_LEGS:
            crowded[ask] = _own_legs(tx, ask, ask.since, keys[ask.key])
    for ask in crowded:
        for key in keys[ask.key]:
            legs.pop(key, None)
    return Pasts(asks, keys, legs, _offences(tx, asks, keys), crowded)


def _own_legs(tx: Transaction, ask: Ask, since: datetime, keys: frozenset[str]) -> Sequence[Leg] | None:
    """The legs of one window, up to its crossing; None if there are more than are read, that crossing left out."""
    column = crossing_subjects.c
    within = column.key.in_(keys) & column.occurred_at.between(since, ask.at)
    its_own = tx.execute(select(func.count()).where(within, column.crossing == ask.crossing)).scalar_one()
    most = MOST_LEGS + its_own
    first = select(column.key).where(within).limit(most + 1).subquery()
    if tx.execute(select(func.count()).select_from(first)).scalar_one() > most:
        return None
    return [leg for legs in _legs(tx, dict.fromkeys(keys, since), ask.at, most).values() for leg in legs]


def _legs(tx: Transaction, since: Mapping[str, datetime], until: datetime, most: int) -> dict[str, list[Leg]]:
    """Legs by key: those of the window, of more than `most` the newest and one more, and the last ones before it.

    Straight from the driver: a thousand rows would cost more on their way through SQLAlchemy.
    """
    dialect = tx.dialect
    end = _INSTANT.process_bind_param(until, dialect)
    asked = [(key, _INSTANT.process_bind_param(start, dialect), end) for key, start in since.items()]
    sql, values = _SQLITE if dialect.name == "sqlite" else _POSTGRESQL, {"asked": orjson.dumps(asked).decode()}
    rows = tx.exec_driver_sql(sql, {**values, "most": most}).cursor.fetchall()
    found: defaultdict[str, list[Leg]] = defaultdict(list)
    if dialect.name == "sqlite":
        for key, *lists in rows:
            found[key] += _unpacked(key, lists)
    else:
        for row in rows:
            found[row[6]].append(Leg._make(row))
    return found


def following(tx: Transaction, leg: Leg) -> datetime | None:
    """When the next leg of the same key, state and direction was, as far as that is on record."""
    column = crossing_subjects.c
    same = (column.key == leg.key) & (column.state == leg.state) & (column.direction == leg.direction)
    query = select(column.occurred_at).where(same, column.occurred_at > leg.at)
    return tx.execute(query.order_by(column.occurred_at).limit(1)).scalar()


def later(tx: Transaction, keys: Collection[str], since: datetime, until: datetime) -> set[str]:
    """Crossings of a subject from an instant on, and before another."""
    column = crossing_subjects.c
    within = (column.occurred_at >= since) & (column.occurred_at < until)
    return set(tx.execute(select(column.crossing).where(column.key.in_(keys), within)).scalars())


def _unpacked(key: str, lists: Sequence[str]) -> Iterator[Leg]:
    """The legs of a key from its _LISTS."""
    at, direction, checkpoint, basis, day, state, crossing = lists
    times, days = map(datetime.fromisoformat, at.split(",")), map(date.fromisoformat, day.split(","))
    where, on, there = map(_values, (checkpoint, basis, state))
    return map(_LEG, zip(times, direction.split(","), where, on, days, there, repeat(key), crossing.split(",")))


def _values(texts: str) -> Iterable[str]:
    """What a column says of each leg; one text for all where it says the same, as it mostly does."""
    first, count = texts.partition(",")[0], texts.count(",") + 1
    return repeat(first, count) if texts == ",".join(repeat(first, count)) else texts.split(",")


def _offences(tx: Transaction, asks: Sequence[Ask], keys: Mapping[str, frozenset[str]]) -> dict[str, list[Offence]]:
    wanted = [(ask, ask.offences_since) for ask in asks if ask.offences_since is not None]
    found: defaultdict[str, list[Offence]] = defaultdict(list)
    if not wanted:
        return found
    column = violations.c
    query = select(
        column.subject_key,
        column.occurred_at,
        column.rule,
        column.local_date,
        column.regime,
        column.outcome,
        column.crossing,
    ).where(
        column.subject_key.in_({key for ask, _ in wanted for key in keys[ask.key]}),
        column.occurred_at >= min(since for _, since in wanted),
        column.status != ViolationStatus.SUPERSEDED,
        or_(column.outcome.is_(None), column.outcome.not_in(_NOT_STANDING)),
        ~replaced(),
    )
    for key, at, rule, day, regime, outcome, crossing in tx.execute(query):
        found[key].append(Offence(at, rule, day, regime.value, outcome in _CONFIRMED, crossing))
    return found


def replaced() -> ColumnElement[bool]:
    """That a violation has one in its place, which counts instead of it; if decided, it stays beside it for review."""
    other = violations.alias()
    in_its_place = (other.c.id == violations.c.successor) & (other.c.status != ViolationStatus.SUPERSEDED)
    return select(other.c.id).where(in_its_place).correlate(violations).exists()


class Passing:
    """What crossed at a checkpoint on a day: in sum before an instant, and one by one since."""

    def __init__(self, before: Traffic, since: Iterable[tuple[datetime, int, int, str]]) -> None:
        self._before, self._since = before, list(since)

    def until(self, at: datetime, crossing: str) -> Traffic:
        """What had crossed at an instant, this crossing left out."""
        found = [each for each in self._since if each[0] < at and each[3] != crossing]
        vehicles = self._before.vehicles + sum(each[1] for each in found)
        return Traffic(vehicles, self._before.persons + sum(each[2] for each in found))

    def add(self, at: datetime, vehicles: int, persons: int, crossing: str) -> None:
        """Take note of a crossing that is stored in this transaction."""
        self._since.append((at, vehicles, persons, crossing))


def passing(
    tx: Transaction, checkpoint: str, day: date, since: datetime, until: datetime, asking: Collection[str] = ()
) -> Passing:
    """What crossed at a checkpoint on a day, for whoever asks about instants of this span.

    `asking` are crossings that are judged. On record they may be at another time; none is traffic before itself.
    """
    column = crossings.c
    there = (column.checkpoint == checkpoint) & (column.local_date == day) & column.withdrawn.is_(False)
    ours = column.id.in_(asking)
    sums = select(func.coalesce(func.sum(column.vehicles), 0), func.coalesce(func.sum(column.persons), 0))
    before = Traffic(*tx.execute(sums.where(there, column.occurred_at < since, ~ours)).one())
    span = ((column.occurred_at >= since) | ours) & (column.occurred_at < until)
    rows = tx.execute(select(column.occurred_at, column.vehicles, column.persons, column.id).where(there, span))
    return Passing(before, [(row[0], row[1], row[2], row[3]) for row in rows])
