"""Events that came together: judged, and stored in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.crossings import records as crossings
from app.crossings.due import Trigger
from app.crossings.records import Cause
from app.evaluation import past
from app.evaluation.decision import Decision
from app.evaluation.engine import Engine, Prepared
from app.evaluation.record import Decided, Received, Why, decided, recorded, searchable
from app.storage.engine import Transaction
from app.violations import records as violations
from app.violations import search_terms
from app.vocabulary.past import Offence


@dataclass(frozen=True, slots=True)
class Stored:
    """What the sender is told. `replayed` if the event was stored before; `decision` is None then.

    `revision` is above 1 if it was corrected or withdrawn since.
    """

    crossing: str
    answer: bytes
    replayed: bool
    decision: Decision | None = None
    revision: int = 1


class Batch:
    """Events judged and stored in one transaction."""

    def __init__(self, tx: Transaction, engine: Engine, now: datetime, events: Sequence[Prepared]) -> None:
        self._tx, self._engine, self._now = tx, engine, now
        past.relink(tx, events, Trigger(Cause.LINK, None, now))
        self._pasts = past.load(tx, engine, events)
        self._made: list[tuple[crossings.Crossing, Decided, Prepared]] = []

    def judge(self, received: Received, event: Prepared) -> Stored:
        """Judge one event; later ones of the batch see it."""
        pasts, traffic = past.of(self._pasts, event), past.traffic(self._pasts, event)
        decision = self._engine.judge(event, pasts, traffic)
        made = decided(event.crossing, decision, self._engine.rulebook, self._now, Why())
        row = recorded(event.crossing, received, event, made.decision)
        self._made.append((row, made, event))
        if passing := self._pasts.passing.get((row.checkpoint, row.local_date)):
            passing.add(row.occurred_at, row.vehicles, row.persons, row.id)
        for subject, facts in event.subjects:
            self._pasts.add(subject.leg(facts, event.checkpoint.state, event.crossing))
        for each in made.new:
            if each.subject_key:
                offence = Offence(each.occurred_at, each.rule, each.local_date, each.regime.value, False, each.crossing)
                self._pasts.add_offence(each.subject_key, offence)
        return Stored(event.crossing, made.decision.answer, replayed=False, decision=decision)

    def store(self) -> bool:
        """Store all that was judged; whether later crossings of the same subjects have become due by it."""
        judged = [event.crossing for _, _, event in self._made]
        after = {crossing: judged[place + 1 :] for place, crossing in enumerate(judged)}
        # Servers that store the same events in the same order wait for each other, and never both at once.
        self._made.sort(key=lambda each: (each[0].source, each[0].event_id))
        crossings.store(self._tx, [row for row, _, _ in self._made])
        violations.store(self._tx, [row for _, made, _ in self._made for row in made.new])
        found = False
        for _, made, event in self._made:
            trigger = Trigger(Cause.LATE_EVENT, event.crossing, self._now)
            offends, but = bool(made.new), after[event.crossing]
            found |= past.mark_later(self._tx, self._engine, self._pasts, event, trigger, offends=offends, but=but)
        past.mark_days(self._tx, self._pasts, [event for _, _, event in self._made], Cause.LATE_EVENT, self._now)
        search_terms.store(self._tx, [searchable(event) for _, made, event in self._made if made.is_worked_on])
        return found
