"""A rulebook cut into shards, each compiled for the days it was asked about.

A shard is the rules of one jurisdiction, subject kind and stratum; most shards are not asked at all for an event.
Within a shard, all days between two changes of law share one compilation.
"""

from bisect import bisect_right
from collections import OrderedDict, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

from app.backends.index import Index
from app.backends.rete import Rete, available
from app.language.ir import Rule, Rulebook, Status
from app.language.resolve import Resolved, changes, resolve
from app.vocabulary.codes import SubjectKind

# Compilations kept: today's of every shard, and some of the past for late events.
_KEPT = 256

EVALUATED = frozenset({Status.ACTIVE, Status.SHADOW})
ShardKey: TypeAlias = tuple[str, SubjectKind, int]


@dataclass(frozen=True, slots=True)
class Compiled:
    """Rules of a shard as of a day, with the backends that nominate among them."""

    rules: tuple[Resolved, ...]
    index: Index
    rete: Rete | None

    def close(self) -> None:
        """Give back what the C engine holds."""
        if self.rete:
            self.rete.close()


class Shards:
    """The rules of a rulebook that are evaluated. Belongs to one thread, like the C engine below it."""

    def __init__(self, rulebook: Rulebook, statuses: frozenset[Status], *, cross_check: bool) -> None:
        self._rulebook = rulebook
        self._rete = cross_check and available() is None
        shards: dict[ShardKey, list[Rule]] = defaultdict(list)
        for rule in rulebook.rules.values():
            if rule.status in statuses:
                shards[rule.jurisdiction, rule.applies_to, rule.stratum].append(rule)
        self._shards = {key: tuple(rules) for key, rules in shards.items()}
        self._changes = {key: changes(rulebook, rules) for key, rules in self._shards.items()}
        self._compiled: OrderedDict[tuple[ShardKey, int], Compiled] = OrderedDict()
        self.strata: Sequence[int] = sorted({stratum for _, _, stratum in self._shards})

    def asked(self, jurisdictions: Sequence[str], kind: SubjectKind, stratum: int, day: date) -> Iterator[Compiled]:
        """Compilations of the shards that concern a subject."""
        for jurisdiction in jurisdictions:
            key = (jurisdiction, kind, stratum)
            if key in self._shards:
                yield self._as_of(key, day)

    def _as_of(self, key: ShardKey, day: date) -> Compiled:
        period = key, bisect_right(self._changes[key], day)
        if period in self._compiled:
            self._compiled.move_to_end(period)
            return self._compiled[period]
        resolved = (resolve(self._rulebook, rule, day) for rule in self._shards[key])
        rules = tuple(each for each in resolved if each)
        compiled = Compiled(rules, Index(rules), Rete(rules) if self._rete and rules else None)
        self._compiled[period] = compiled
        if len(self._compiled) > _KEPT:
            self._compiled.popitem(last=False)[1].close()
        return compiled

    def close(self) -> None:
        """Give back what the C engine holds."""
        while self._compiled:
            self._compiled.popitem()[1].close()
