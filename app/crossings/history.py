"""What is on record of subjects before a crossing, read for many at once.

Legs are read back to an instant; of each state the last of each direction before it come too, so that a stay that began
long ago is known.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from itertools import repeat
from typing import Any, Final

import orjson
from sqlalchemy import func, select

from app.crossings.links import clusters
from app.storage.engine import Transaction
from app.storage.tables import crossings, violations
from app.storage.types import Instant
from app.vocabulary.listed import Listed
from app.vocabulary.past import NOTHING, TOO_MUCH, Leg, Offence, Past, Traffic

# More crossings of one subject within its windows are read of none: no person makes them, but a number that lanes enter
# where there is none does, and each event would cost more than the one before.
MOST_LEGS: Final = 5_000
# What officers found not to hold is no violation; what they found to hold is a confirmed one.
NOT_STANDING: Final = ("superseded", "dismissed", "overturned")
CONFIRMED: Final = frozenset({"confirmed", "closed", "upheld"})
_BEFORE: Final = """SELECT {what} FROM crossing_subjects b WHERE b.key = p.key AND b.state = p.state
    AND b.direction = p.direction AND b.occurred_at < p.since ORDER BY b.occurred_at DESC LIMIT 1"""
# A column's values in one text: handed over one by one, they take longer than to find. None of them has a comma.
_LISTS: Final = ", ".join(
    f"group_concat(s.{name})"
    for name in ("occurred_at", "direction", "checkpoint", "basis", "local_date", "state", "crossing")
)
# `places` are the states and directions a key is on record with. Of each the next is looked up in an index, however
# many crossings there are of it; SQLite would walk through all of them to compare pairs. Of more legs than are ever
# read, the newest are, and one more.
_SQLITE: Final = f"""
WITH asked(key, since, start) AS MATERIALIZED (
    SELECT key, since, coalesce((SELECT w.occurred_at FROM crossing_subjects w WHERE w.key = v.key
        AND w.occurred_at >= v.since ORDER BY w.occurred_at DESC LIMIT 1 OFFSET {MOST_LEGS}), since)
    FROM (SELECT value ->> 0 AS key, value ->> 1 AS since FROM json_each(:asked)) v),
places(key, since, state, direction) AS (
    SELECT key, since, '', '' FROM asked
    UNION ALL SELECT p.key, p.since, s.state, s.direction FROM places p CROSS JOIN crossing_subjects s
    ON s.rowid = coalesce((SELECT n.rowid FROM crossing_subjects n WHERE n.key = p.key AND n.state = p.state
        AND n.direction > p.direction ORDER BY n.direction LIMIT 1), (SELECT n.rowid FROM crossing_subjects n
        WHERE n.key = p.key AND n.state > p.state ORDER BY n.state, n.direction LIMIT 1)))
SELECT a.key, {_LISTS} FROM asked a CROSS JOIN crossing_subjects s ON s.key = a.key AND s.occurred_at >= a.start
GROUP BY a.key
UNION ALL SELECT p.key, {_LISTS} FROM places p CROSS JOIN crossing_subjects s ON s.rowid = (
    {_BEFORE.format(what="b.rowid")}) GROUP BY p.key
"""  # noqa: S608 (names given here)
_COLUMNS: Final = "s.occurred_at, s.direction, s.checkpoint, s.basis, s.local_date, s.state, s.key, s.crossing"
_POSTGRESQL: Final = f"""
WITH RECURSIVE asked(key, since) AS MATERIALIZED (
    SELECT v ->> 0, CAST(v ->> 1 AS timestamptz) FROM jsonb_array_elements(CAST(%(asked)s AS jsonb)) AS t(v)),
places(key, since, state, direction) AS (
    SELECT key, since, CAST('' AS varchar), CAST('' AS varchar) FROM asked
    UNION ALL SELECT p.key, p.since, s.state, s.direction FROM places p CROSS JOIN LATERAL (
        SELECT n.state, n.direction FROM crossing_subjects n WHERE n.key = p.key
        AND (n.state, n.direction) > (p.state, p.direction) ORDER BY n.state, n.direction LIMIT 1) s)
SELECT {_COLUMNS} FROM asked a CROSS JOIN LATERAL (
    SELECT w.* FROM crossing_subjects w WHERE w.key = a.key AND w.occurred_at >= a.since
    ORDER BY w.occurred_at DESC LIMIT {MOST_LEGS + 1}) s
UNION ALL SELECT {_COLUMNS} FROM places p CROSS JOIN LATERAL (
    {_BEFORE.format(what="b.*")}) s
"""  # noqa: S608 (names given here)
_INSTANT: Final = Instant()
# As `Leg._make`, for a tuple that is known to be as long: a thousand of them are made at once.
_LEG: Final[Callable[[Iterable[Any]], Leg]] = partial(tuple.__new__, Leg)


@dataclass(frozen=True, slots=True)
class Ask:
    """Whose past is asked for: legs since an instant, and (unless None) violations since another."""

    key: str
    since: datetime
    offences_since: datetime | None = None


class Pasts:
    """Pasts of subjects, and their other keys; what is stored later in the same transaction is added by hand.

    `lists` are those of their voyages, by number.
    """

    lists: Mapping[str, tuple[Listed, ...]]

    def __init__(
        self, keys: Mapping[str, frozenset[str]], legs: dict[str, list[Leg]], offences: dict[str, list[Offence]]
    ) -> None:
        self._keys, self._legs, self._offences = keys, legs, offences
        self._made: dict[frozenset[str], Past] = {}
        self.lists = {}

    def of(self, key: str | None) -> Past:
        """The past of the subject that the key names, under all keys it has."""
        if key is None:
            return NOTHING
        keys = self.keys(key)
        if keys not in self._made:
            legs = sorted(leg for each in keys for leg in self._legs.get(each, ()))
            if len(legs) > MOST_LEGS:
                self._made[keys] = TOO_MUCH
                return TOO_MUCH
            offences = sorted(offence for each in keys for offence in self._offences.get(each, ()))
            self._made[keys] = Past(tuple(legs), tuple(offences))
        return self._made[keys]

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


def load(tx: Transaction, asks: Sequence[Ask]) -> Pasts:
    """The pasts of all subjects asked for."""
    if not asks:
        return Pasts({}, {}, {})
    keys = clusters(tx, {ask.key for ask in asks})
    return Pasts(keys, _legs(tx, asks, keys), _offences(tx, asks, keys))


def _legs(tx: Transaction, asks: Sequence[Ask], keys: Mapping[str, frozenset[str]]) -> dict[str, list[Leg]]:
    """Legs by key. Straight from the driver: a thousand rows would cost more on their way through SQLAlchemy."""
    dialect = tx.dialect
    first: dict[str, datetime] = {}
    for ask in asks:
        first |= {key: min(ask.since, first.get(key, ask.since)) for key in keys[ask.key]}
    asked = [(key, _INSTANT.process_bind_param(since, dialect)) for key, since in first.items()]
    sql = _SQLITE if dialect.name == "sqlite" else _POSTGRESQL
    rows = tx.exec_driver_sql(sql, {"asked": orjson.dumps(asked).decode()}).cursor.fetchall()
    found: defaultdict[str, list[Leg]] = defaultdict(list)
    if dialect.name == "sqlite":
        for key, *lists in rows:
            found[key] += _unpacked(key, lists)
    else:
        for row in rows:
            found[row[6]].append(Leg._make(row))
    return found


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
        column.status,
        column.crossing,
    ).where(
        column.subject_key.in_({key for ask, _ in wanted for key in keys[ask.key]}),
        column.occurred_at >= min(since for _, since in wanted),
        column.status.not_in(NOT_STANDING),
    )
    for key, at, rule, day, regime, status, crossing in tx.execute(query):
        found[key].append(Offence(at, rule, day, regime.value, status in CONFIRMED, crossing))
    return found


def traffic(tx: Transaction, checkpoint: str, day: date, before: datetime, crossing: str) -> Traffic:
    """What crossed at a checkpoint on a day before an instant, this crossing left out."""
    column = crossings.c
    query = select(func.coalesce(func.sum(column.vehicles), 0), func.coalesce(func.sum(column.persons), 0)).where(
        column.checkpoint == checkpoint,
        column.local_date == day,
        column.occurred_at < before,
        column.id != crossing,
        column.withdrawn.is_(False),
    )
    return Traffic(*tx.execute(query).one())
