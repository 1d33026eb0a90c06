"""A rulebook cut into shards, each compiled for the days it was asked about.

A shard is the rules that govern one set of jurisdictions (a checkpoint's state, everywhere, Schengen) for one subject
kind and stratum, so that a subject is one question to each backend. Within a shard, all days between two changes of
law share one compilation; for one direction and mode of crossing, one without the rules that say they are of others.
"""

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

import structlog

from app.backends.index import Index, positions
from app.backends.rete import BoundsExceeded, EngineError, Rete, available
from app.facts.history import OF_THE_PAST
from app.facts.manifests import OF_MANIFESTS
from app.facts.measures import lookback
from app.language.evaluate import truth
from app.language.ir import Count, Measure, Rule, Rulebook, Status
from app.language.resolve import Resolved, changes, resolve
from app.language.truth import Truth
from app.language.walk import fields_asked
from app.vocabulary.codes import Direction, Mode, SubjectKind
from app.vocabulary.values import Facts

# Compilations kept: today's of every shard, and some of the past for late events.
_KEPT = 1024
_REMEMBERED = 1024
_OF_THE_CHECKPOINT = frozenset({Count.CHECKPOINT_CROSSINGS, Count.CAPACITY_SHARE})
_NOT_OF_THE_SUBJECT = _OF_THE_CHECKPOINT | {Count.MINUTES, Count.WORKING_DAYS, Count.VIOLATIONS}
_log = structlog.get_logger()

EVALUATED = frozenset({Status.ACTIVE, Status.SHADOW})
Jurisdictions: TypeAlias = tuple[str, ...]
ShardKey: TypeAlias = tuple[Jurisdictions, SubjectKind, int]
Passage: TypeAlias = tuple[Direction, Mode]
"""What is always known of a crossing, and what rules are most often limited to."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What rules ask of a subject's past: measures, and by path facts of `stay` and `history`, and of `manifest`."""

    measures: tuple[Measure, ...]
    facts: frozenset[str]
    lists: frozenset[str]

    def legs_on(self, day: date) -> int | None:
        """Days before a crossing on that day from which its subject's legs are needed; None if none are."""
        own = [each for each in self.measures if each.count not in _NOT_OF_THE_SUBJECT]
        return lookback(own, day) if own or self.facts else None

    def offences_on(self, day: date) -> int | None:
        """Days before a crossing on that day from which its subject's violations are needed; None if none are."""
        own = [each for each in self.measures if each.count is Count.VIOLATIONS]
        return lookback(own, day) if own else None

    @property
    def offences(self) -> bool:
        """Whether violations of its subject are asked for."""
        return any(each.count is Count.VIOLATIONS for each in self.measures)

    @property
    def traffic(self) -> bool:
        """Whether it must be known what crossed at the checkpoint that day."""
        return any(each.count in _OF_THE_CHECKPOINT for each in self.measures)


@dataclass(frozen=True, slots=True)
class Compiled:
    """Rules of a shard as of a day, with the backends that nominate among them.

    `watched` are the positions of the rules on whose findings others rest.
    """

    rules: tuple[Resolved, ...]
    watched: tuple[int, ...]
    index: Index
    second: "Second"
    names: "Names"


class Names(dict[int, tuple[str, ...]]):
    """Identifiers of the rules whose bits a mask has: most subjects comply with the same rules as others before."""

    def __init__(self, rules: Sequence[Resolved]) -> None:
        super().__init__()
        self._names = tuple(each.rule.id for each in rules)

    def __missing__(self, mask: int) -> tuple[str, ...]:
        found = tuple(self._names[position] for position in positions(mask))
        if len(self) < _REMEMBERED:
            self[mask] = found
        return found


class Second:
    """The Rete as a second opinion: where its C engine fails, the index serves alone, and `lost` says why."""

    def __init__(self, rules: Sequence[Resolved], lost: list[str], *, wanted: bool) -> None:
        self._lost, self._rete = lost, None
        if wanted and rules:
            with self._giving_up():
                self._rete = Rete(rules)

    def nominate(self, facts: Facts) -> frozenset[int] | None:
        """Positions of the rules it nominates; None if it has no opinion."""
        if self._rete:
            with self._giving_up():
                return self._rete.nominate(facts)
        return None

    def close(self) -> None:
        """Give back what the C engine holds."""
        if self._rete:
            self._rete.close()
            self._rete = None

    @contextmanager
    def _giving_up(self) -> Iterator[None]:
        try:
            yield
        except (BoundsExceeded, EngineError) as error:
            # A ruleset that failed is not touched again, not even to free it.
            self._rete = None
            self._lost.append(str(error))
            _log.error("the Rete failed, the index serves alone", error=str(error))


class Shards:
    """The rules of a rulebook that are evaluated. Belongs to one thread, like the C engine below it."""

    def __init__(self, rulebook: Rulebook, statuses: frozenset[Status], *, cross_check: bool) -> None:
        self._rulebook = rulebook
        self._cross_check = cross_check and available() is None
        self.lost: list[str] = []
        self._rules = tuple(rule for rule in rulebook.rules.values() if rule.status in statuses)
        self._watched = frozenset(name for rule in self._rules for name in rule.rests_on)
        self._shards: dict[ShardKey, tuple[tuple[Rule, ...], tuple[date, ...]]] = {}
        self._asked: dict[tuple[Jurisdictions, SubjectKind], Asked] = {}
        self._compiled: OrderedDict[tuple[ShardKey, int, Passage | None], Compiled] = OrderedDict()
        self.strata: Sequence[int] = sorted({rule.stratum for rule in self._rules})

    def asked(  # one argument for each thing by which rules are chosen
        self, jurisdictions: Jurisdictions, kind: SubjectKind, stratum: int, day: date, passage: Passage | None = None
    ) -> Compiled:
        """The rules that concern a subject at a checkpoint on a day; of a passage, only those that may apply to it."""
        key = jurisdictions, kind, stratum
        if key not in self._shards:
            self._shards[key] = self._shard(*key)
        rules, changed = self._shards[key]
        period = key, bisect_right(changed, day), passage
        if period not in self._compiled:
            self._compiled[period] = self._compile(rules, day, passage)
            if len(self._compiled) > _KEPT:
                self._compiled.popitem(last=False)[1].second.close()
        self._compiled.move_to_end(period)
        return self._compiled[period]

    def asked_of_the_past(self, jurisdictions: Jurisdictions, kind: SubjectKind) -> Asked:
        """What the rules that concern a subject ask of its past, in whichever version."""
        key = jurisdictions, kind
        if key not in self._asked:
            self._asked[key] = self._of_the_past(
                rule for rule in self._rules if rule.jurisdiction in jurisdictions and rule.applies_to is kind
            )
        return self._asked[key]

    def all_asked_of_the_past(self, kind: SubjectKind) -> Asked:
        """As `asked_of_the_past`, by the rules of all jurisdictions."""
        return self._of_the_past(rule for rule in self._rules if rule.applies_to is kind)

    def _of_the_past(self, rules: Iterable[Rule]) -> Asked:
        sides = (side for rule in rules for version in rule.versions for side in (version.applies, version.holds))
        paths = {field.path for field in fields_asked(*sides)}
        measures = tuple(each for path, each in self._rulebook.measures.items() if path in paths)
        operands = {field.path for each in measures for field in each.between or ()}
        return Asked(measures, OF_THE_PAST & (paths | operands), OF_MANIFESTS & paths)

    def close(self) -> None:
        """Give back what the C engine holds."""
        while self._compiled:
            self._compiled.popitem()[1].second.close()

    def _shard(
        self, jurisdictions: Jurisdictions, kind: SubjectKind, stratum: int
    ) -> tuple[tuple[Rule, ...], tuple[date, ...]]:
        """Rules of a shard, with the days on which what they say changes."""
        rules = tuple(
            rule
            for rule in self._rules
            if rule.jurisdiction in jurisdictions and rule.applies_to is kind and rule.stratum == stratum
        )
        return rules, changes(self._rulebook, rules)

    def _compile(self, rules: Sequence[Rule], day: date, passage: Passage | None) -> Compiled:
        found = (each for rule in rules if (each := resolve(self._rulebook, rule, day)))
        resolved = tuple(each for each in found if passage is None or self._may_concern(each, passage))
        return Compiled(
            resolved,
            tuple(position for position, each in enumerate(resolved) if each.rule.id in self._watched),
            Index(resolved),
            Second(resolved, self.lost, wanted=self._cross_check),
            Names(resolved),
        )

    def _may_concern(self, rule: Resolved, passage: Passage) -> bool:
        """Whether the rule can apply to the passage, whatever else is known; or others rest on that it does not."""
        direction, mode = passage
        known: Facts = {"crossing.direction": direction.value, "crossing.mode": mode.value}
        return rule.rule.id in self._watched or truth(rule.applies, known) is not Truth.FALSE
