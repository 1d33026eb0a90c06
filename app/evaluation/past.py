"""The pasts that events are judged by, and the later crossings that hang on an event."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from operator import attrgetter

from app.crossings import due, history, links, manifests
from app.crossings.due import Trigger
from app.crossings.history import Ask, Pasts
from app.crossings.links import Ground, Statement, Use
from app.crossings.records import Cause, Subject
from app.evaluation.engine import Engine, Prepared
from app.evaluation.record import new_id
from app.facts.measures import reaching_back
from app.facts.subjects import Subject as Named
from app.storage.engine import Transaction, alone_with, free_of
from app.vocabulary.past import NO_TRAFFIC, Past, Traffic

ENGINE = "engine"
# So many documents are not one person's: the data are those of a placeholder, or of namesakes.
_MOST_DOCUMENTS = 20


def alone(tx: Transaction, engine: Engine, events: Collection[Prepared], old: Iterable[Subject] = ()) -> None:
    """Keep other servers from judging events of the same subjects, voyages and traffic until the transaction ends.

    `old` are subjects of an event that was stored and is so no more.
    """
    if tx.dialect.name == "sqlite":
        return  # whose writers are alone from their beginning
    old = list(old)
    names = _subjects(subject for event in events for subject, _ in event.subjects) | _subjects(old)
    candidates = _Candidates(events, old)
    while True:
        names |= links.alone(tx, names)
        # Documents they may be linked to now, and whoever else used them: their events must not slip by.
        related = candidates.related(tx)
        if related <= names:
            break
        names |= related
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
    asks = {ask for event in events for ask in _asks(engine, event)}
    pasts = history.load(tx, list(asks))
    voyages = {(event.voyage, event.day) for event in events if event.voyage and engine.asks_for_lists(event)}
    pasts.lists = manifests.of_voyages(tx, voyages)
    return pasts


def _asks(engine: Engine, event: Prepared) -> Iterator[Ask]:
    for subject, _ in event.subjects:
        asked = engine.all_asked_of_the_past(subject.kind)
        legs, offences = asked.legs_on(event.day), asked.offences_on(event.day)
        if subject.key is None or (legs is None and offences is None):
            continue
        offences_since = None if offences is None else reaching_back(event.day, offences)
        yield Ask(subject.key, reaching_back(event.day, legs or 0), offences_since)


def of(pasts: Pasts, event: Prepared) -> list[Past]:
    """The past of each subject of the event."""
    lists = pasts.lists.get(event.voyage or "", ())
    return [replace(pasts.of(subject.key), lists=lists) for subject, _ in event.subjects]


def traffic(tx: Transaction, engine: Engine, event: Prepared) -> Traffic:
    """What crossed at the checkpoint earlier that day, if any rule there asks."""
    if not engine.asks_for_traffic(event):
        return NO_TRAFFIC
    return history.traffic(tx, event.checkpoint.code, event.day, event.event.occurred_at, event.crossing)


def later(pasts: Pasts, event: Prepared) -> set[str]:
    """Crossings of the same subjects after the event, or at the same instant."""
    found: set[str] = set()
    for subject, _ in event.subjects:
        legs = pasts.of(subject.key).legs
        found |= {leg.crossing for leg in legs[bisect_left(legs, event.event.occurred_at, key=attrgetter("at")) :]}
    return found - {event.crossing}


def mark_later(tx: Transaction, engine: Engine, pasts: Pasts, event: Prepared, trigger: Trigger) -> bool:
    """Later crossings of its subjects are due, and of the day at the checkpoint if any rule there asks for traffic.

    Whether there are any of its subjects.
    """
    found = later(pasts, event)
    due.mark(tx, found, trigger)
    if engine.asks_for_traffic(event):
        due.mark_day(tx, event.checkpoint.code, event.day, event.event.occurred_at, trigger)
    return bool(found)


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
        for holder in sorted(holders):
            known = {*links.documents(tx, holder, _MOST_DOCUMENTS), *self._by_holder[holder]}
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
