"""What is on record of subjects before a crossing, read for many at once.

Legs are read back to an instant; of each territory and everywhere, the last of each direction before it come too, so
that a stay that began long ago is known.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

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
_COLUMNS: Final = "s.occurred_at, s.direction, s.checkpoint, s.basis, s.local_date, s.state, s.key, s.crossing"
_BEFORE: Final = """SELECT {what} FROM crossing_subjects s WHERE s.key = a.key AND s.occurred_at < a.since
    AND s.direction = '{direction}' AND (a.state IS NULL OR s.state = a.state) ORDER BY s.occurred_at DESC LIMIT 1"""
# The newest of them, one more than are ever read.
_WITHIN: Final = f"""SELECT {{what}} FROM crossing_subjects w WHERE w.key = a.key AND w.occurred_at >= a.since
    ORDER BY w.occurred_at DESC LIMIT {MOST_LEGS + 1}"""  # noqa: S608 (a number given here)
_SQLITE: Final = f"""
WITH asked(key, state, since) AS MATERIALIZED (SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(:asked))
SELECT {_COLUMNS} FROM (SELECT DISTINCT key, since FROM asked) a CROSS JOIN crossing_subjects s ON s.rowid IN (
    {_WITHIN.format(what="w.rowid")})
UNION ALL SELECT DISTINCT {_COLUMNS} FROM asked a CROSS JOIN crossing_subjects s ON s.rowid IN (
    ({_BEFORE.format(what="s.rowid", direction="entry")}), ({_BEFORE.format(what="s.rowid", direction="exit")}),
    ({_BEFORE.format(what="s.rowid", direction="presence")}))
"""  # noqa: S608 (names given here)
_POSTGRESQL: Final = f"""
WITH asked AS MATERIALIZED (
    SELECT v ->> 0 AS key, v ->> 1 AS state, CAST(v ->> 2 AS timestamptz) AS since
    FROM jsonb_array_elements(CAST(:asked AS jsonb)) AS t(v))
SELECT {_COLUMNS} FROM (SELECT DISTINCT key, since FROM asked) a CROSS JOIN LATERAL (
    {_WITHIN.format(what="w.*")}) s
UNION ALL SELECT DISTINCT {_COLUMNS} FROM asked a CROSS JOIN LATERAL (
    ({_BEFORE.format(what="s.*", direction="entry")}) UNION ALL ({_BEFORE.format(what="s.*", direction="exit")})
    UNION ALL ({_BEFORE.format(what="s.*", direction="presence")})) s
"""  # noqa: S608 (names given here)
_LEGS: Final = {"sqlite": _SQLITE, "postgresql": _POSTGRESQL.replace(":asked", "%(asked)s")}
_INSTANT: Final = Instant()


@dataclass(frozen=True, slots=True)
class Ask:
    """Whose past is asked for: legs since an instant, and (unless None) violations since another.

    `states` are those of the territory that is entered or left.
    """

    key: str
    states: frozenset[str]
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
    asked = {
        (key, state, _INSTANT.process_bind_param(first[key], dialect))
        for ask in asks
        for key in keys[ask.key]
        for state in (None, *ask.states)
    }
    rows = tx.exec_driver_sql(_LEGS[dialect.name], {"asked": orjson.dumps(list(asked)).decode()}).cursor.fetchall()
    found: defaultdict[str, list[Leg]] = defaultdict(list)
    if dialect.name == "sqlite":
        instant, on = datetime.fromisoformat, date.fromisoformat
        for at, direction, checkpoint, basis, day, state, key, crossing in rows:
            found[key].append(Leg(instant(at), direction, checkpoint, basis, on(day), state, key, crossing))
    else:
        for row in rows:
            found[row[6]].append(Leg._make(row))
    return found


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
