"""The pasts that events are judged by, and the later crossings that hang on an event."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Final

from app.crossings import due, history, links, manifests, subjects
from app.crossings.due import Trigger
from app.crossings.history import Ask, Pasts
from app.crossings.links import Ground, Statement, Use
from app.crossings.records import Cause, Subject
from app.evaluation.compiled import Asked
from app.evaluation.engine import Engine, Prepared
from app.evaluation.record import new_id
from app.facts.measures import out_of_reach, reaching_back
from app.facts.subjects import Subject as Named
from app.identity.remit import EVERYWHERE, Remit
from app.storage.engine import Transaction, alone_with, free_of
from app.vocabulary.past import NO_TRAFFIC, NOTHING, Leg, Offence, Past, Traffic

if TYPE_CHECKING:
    from app.vocabulary.codes import SubjectKind

ENGINE = "engine"
# So many documents are not one person's: the data are those of a placeholder, or of namesakes.
_MOST_DOCUMENTS = 20
# No window of a calendar year is longer than on this day.
_LONGEST_YEAR: Final = date(2024, 12, 31)


def alone(tx: Transaction, engine: Engine, events: Collection[Prepared], old: Iterable[Subject] = ()) -> None:
    """Keep other servers from judging events of the same subjects, voyages and traffic until the transaction ends.

    `old` are subjects of an event that was stored and is so no more.
    """
    if tx.dialect.name == "sqlite":
        return  # whose writers are alone from their beginning
    old = list(old)
    names = _subjects(subject for event in events for subject, _ in event.subjects) | _subjects(old)
    candidates = _Candidates(events, old)
    # Documents they may be linked to now, and whoever else used them: their events must not slip by.
    links.alone(tx, names, lambda: candidates.related(tx))
    alone_on((event.voyage for event in events if event.voyage), tx)
    traffic = {_traffic(each) for each in events if engine.asks_for_traffic(each)}
    if traffic:
        alone_with(traffic, tx)


def free(tx: Transaction, engine: Engine, events: Collection[Prepared]) -> set[str]:
    """As `alone`, for as many of these stored events as no other server is at; waits for nobody. Their crossings."""
    if tx.dialect.name == "sqlite":
        return {event.crossing for event in events}
    names = {event.crossing: _names(engine, event) for event in events}
    every = {name for each in names.values() for name in each}
    mine = free_of(links.all_keys(tx, every), tx)
    # Read again: until then somebody may have linked one of them to another subject.
    linked = links.clusters(tx, every)
    return {crossing for crossing, each in names.items() if all(linked[name] <= mine for name in each)}


def _names(engine: Engine, event: Prepared) -> set[str]:
    """All that `alone` keeps others from for an event."""
    names = _subjects(subject for subject, _ in event.subjects)
    if event.voyage:
        names.add(_voyage(event.voyage))
    if engine.asks_for_traffic(event):
        names.add(_traffic(event))
    return names


def _subjects(subjects: Iterable[Subject | Named]) -> set[str]:
    return {name for subject in subjects for name in (subject.key, subject.holder) if name}


def _voyage(number: str) -> str:
    return f"voyage {number}"


def _traffic(event: Prepared) -> str:
    return f"traffic {event.checkpoint.code} {event.day}"


def alone_on(voyages: Iterable[str], tx: Transaction) -> None:
    """Keep others from storing lists of these voyages, or judging who crosses on them, until the transaction ends."""
    names = set(map(_voyage, voyages))
    if names:
        alone_with(names, tx)


def load(tx: Transaction, engine: Engine, events: Sequence[Prepared]) -> Pasts:
    """The pasts of all subjects of these events, and what is on record after them."""
    reaching: dict[tuple[SubjectKind, date], tuple[datetime | None, datetime | None]] = {}
    asks: set[Ask] = set()
    for event in events:
        for subject, _ in event.subjects:
            of_kind = subject.kind, event.day
            if of_kind not in reaching:
                reaching[of_kind] = _reaching(engine.all_asked_of_the_past(subject.kind), event.day)
            if subject.key is not None and any(reaching[of_kind]):
                asks.add(Ask(subject.key, event.crossing, event.event.occurred_at, *reaching[of_kind]))
    pasts = history.load(tx, list(asks))
    voyages = {(event.voyage, event.day) for event in events if event.voyage and engine.asks_for_lists(event)}
    pasts.lists = manifests.of_voyages(tx, voyages)
    days: defaultdict[tuple[str, date], dict[str, datetime]] = defaultdict(dict)
    for event in events:
        if engine.asks_for_traffic(event):
            days[event.checkpoint.code, event.day][event.crossing] = event.event.occurred_at
    pasts.passing = {
        key: history.passing(tx, *key, min(times.values()), max(times.values()), times.keys() - {""})
        for key, times in days.items()
    }
    return pasts


def _reaching(asked: Asked, day: date) -> tuple[datetime | None, datetime | None]:
    """Since when the legs and the violations of a subject that crosses on this day are asked for."""
    legs, offences = asked.legs_on(day), asked.offences_on(day)
    since = None if legs is None else reaching_back(day, legs)
    return since, None if offences is None else reaching_back(day, offences)


def of(pasts: Pasts, event: Prepared) -> list[Past]:
    """The past of each subject of the event."""
    found = [pasts.of(subject.key, event.crossing) for subject, _ in event.subjects]
    lists = pasts.lists.get(event.voyage or "") if pasts.lists else None
    return [replace(each, lists=lists) for each in found] if lists else found


def traffic(pasts: Pasts, event: Prepared) -> Traffic:
    """What crossed at the checkpoint earlier that day, if any rule there asks."""
    passing = pasts.passing.get((event.checkpoint.code, event.day))
    return passing.until(event.event.occurred_at, event.crossing) if passing else NO_TRAFFIC


def told(tx: Transaction, remit: Remit, pasts: Pasts, event: Prepared) -> tuple[list[Past], Traffic]:
    """As `of` and `traffic`, no more than whoever has the remit may learn.

    Of a subject what is on record if it ever crossed within the remit; of the place, its traffic and the lists of its
    voyages, if it lies within the remit.
    """
    found, crossed = of(pasts, event), traffic(pasts, event)
    if remit == EVERYWHERE:
        return found, crossed
    keys = [pasts.keys(subject.key) if subject.key else frozenset() for subject, _ in event.subjects]
    known = subjects.within(tx, {key for each in keys for key in each}, remit)
    is_here = remit.covers(event.checkpoint.state, event.checkpoint.code)
    found = [
        replace(past if known & names else NOTHING, lists=past.lists if is_here else ())
        for past, names in zip(found, keys, strict=True)
    ]
    return found, crossed if is_here else NO_TRAFFIC


def newest(pasts: Iterable[Past]) -> tuple[str, ...]:
    """Of each past the newest crossing."""
    ends: Iterable[Sequence[Leg | Offence]] = ((*past.legs[-1:], *past.offences[-1:]) for past in pasts)
    return tuple(dict.fromkeys(max(each, key=lambda end: end.at).crossing for each in ends if each))


def later(
    tx: Transaction, engine: Engine, pasts: Pasts, event: Prepared, *, moved: bool = True, offends: bool = True
) -> set[str]:
    """Crossings of the same subjects, after the event or at the same instant, that may hang on it.

    Those whose windows reach back to it. If it `moved`, comes late or goes, also those for which it is the last of its
    direction in its state before their windows, or would be: until there is another, and that is in their windows.
    """
    found: set[str] = set()
    for subject, facts in event.subjects:
        after = pasts.after(subject.key or "", event.crossing)
        if subject.key is None or (after is not None and all(each.crossing == event.crossing for each in after)):
            continue
        asked = engine.all_asked_of_the_past(subject.kind)
        legs, offences = asked.legs_on(_LONGEST_YEAR), asked.offences_on(_LONGEST_YEAR)
        leg = subject.leg(facts, event.checkpoint.state, event.crossing)
        until = out_of_reach(leg.at, offences) if offends and offences is not None else leg.at
        if moved and legs is not None:
            following = history.following(tx, leg) if after is None else _following(leg, after)
            until = max(until, out_of_reach(following or datetime.max.replace(tzinfo=UTC), legs))
        if until == leg.at:
            continue
        if after is None:
            found |= history.later(tx, pasts.keys(subject.key), leg.at, until)
        else:
            found |= {each.crossing for each in after if each.at < until}
    return found - {event.crossing}


def _following(leg: Leg, after: Iterable[Leg]) -> datetime | None:
    """As `history.following`."""
    same = (leg.key, leg.state, leg.direction)
    return next(
        (each.at for each in after if each.at > leg.at and (each.key, each.state, each.direction) == same), None
    )


def mark_later(  # one argument for each thing that takes part
    tx: Transaction,
    engine: Engine,
    pasts: Pasts,
    event: Prepared,
    trigger: Trigger,
    *,
    offends: bool = True,
    but: Collection[str] = (),
) -> bool:
    """Later crossings of its subjects are due; whether there are any.

    `offends` if it has or had violations. `but` are crossings that were judged by it already.
    """
    found = later(tx, engine, pasts, event, offends=offends).difference(but)
    due.mark(tx, found, trigger)
    return bool(found)


def mark_days(tx: Transaction, pasts: Pasts, events: Sequence[Prepared], cause: Cause, now: datetime) -> None:
    """Later crossings of the day at their checkpoints are due, if any rule there asks for traffic; these are not."""
    first: dict[tuple[str, date], Prepared] = {}
    for event in sorted(events, key=lambda each: each.event.occurred_at):
        first.setdefault((event.checkpoint.code, event.day), event)
    for key in first.keys() & pasts.passing.keys():
        trigger = Trigger(cause, first[key].crossing, now)
        due.mark_day(tx, *key, first[key].event.occurred_at, trigger, [each.crossing for each in events])


def relink(tx: Transaction, new: Iterable[Prepared], trigger: Trigger, old: Iterable[Subject] = ()) -> None:
    """Bring exact matches up to date with what is stored, and with the events about to be.

    `old` are subjects of an event that was stored and is so no more. Crossings of subjects whose links change are due.
    """
    candidates = _Candidates(new, old)
    crowds, holders, keys = candidates.sorted_out(tx)
    for known in crowds:
        _relink(tx, (), known, trigger)
    if holders:
        found = links.uses(tx, holders, keys)
        for key in keys & candidates.uses.keys():
            found[key] = candidates.uses[key].merged(found.get(key))
        _relink(tx, found.values(), keys, trigger)


class _Candidates:
    """Documents of events, by holder, of which others on record may be found to be the same person's."""

    def __init__(self, new: Iterable[Prepared], old: Iterable[Subject]) -> None:
        self._old = [each for each in old if each.holder]
        self.uses: dict[str, Use] = {}
        for event in new:
            for subject, _ in event.subjects:
                if subject.holder and subject.key:
                    issued = frozenset(filter(None, (subject.issued_on,)))
                    use = Use(subject.key, event.day, issued, frozenset({subject.holder}))
                    self.uses[use.key] = use.merged(self.uses.get(use.key))
        self._by_holder: defaultdict[str, set[str]] = defaultdict(set)
        for use in self.uses.values():
            for holder in use.holders:
                self._by_holder[holder].add(use.key)

    def sorted_out(self, tx: Transaction) -> tuple[list[set[str]], set[str], set[str]]:
        """Documents of those who have too many to be one person; holders who have several, and their keys here."""
        holders = links.with_several_keys(tx, self._by_holder) | {each.holder for each in self._old if each.holder}
        crowds = []
        documents = links.documents(tx, holders, _MOST_DOCUMENTS)
        for holder in sorted(holders):
            known = {*documents[holder], *self._by_holder[holder]}
            if len(known) >= _MOST_DOCUMENTS:
                holders.remove(holder)
                crowds.append(known)
        keys = {key for holder in holders for key in self._by_holder[holder]}
        return crowds, holders, keys | {each.key for each in self._old if each.key}

    def related(self, tx: Transaction) -> set[str]:
        """Keys and holders that `relink` looks at."""
        crowds, holders, keys = self.sorted_out(tx)
        found = links.uses(tx, holders, keys).values() if holders else ()
        return {key for known in crowds for key in known} | {name for use in found for name in (use.key, *use.holders)}


def _relink(tx: Transaction, uses: Collection[Use], keys: Collection[str], trigger: Trigger) -> None:
    wanted = set(links.exact_matches(uses))
    every = {use.key for use in uses} | {*keys}
    there = [each for each in links.statements(tx, every) if each.ground is Ground.EXACT_MATCH]
    gone = [each for each in there if each.pair not in wanted]
    made = [
        Statement(new_id(trigger.since), *pair, True, Ground.EXACT_MATCH, trigger.since, ENGINE, _MATCHED)
        for pair in sorted(wanted - {each.pair for each in there})
    ]
    links.end(tx, gone, trigger.since, ENGINE, "what is on record of the documents no longer matches")
    links.make(tx, made)
    changed = {key for each in (*gone, *made) for key in each.pair}
    if changed:
        due.mark_subjects(tx, links.all_keys(tx, changed), replace(trigger, cause=Cause.LINK))


_MATCHED = "a new document of the same holder, issued after the other was used last"
