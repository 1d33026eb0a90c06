"""What crossings that officers work on are found by, kept with them in one transaction.

The words of a name are kept as they are in Latin capitals; a misspelt one is found through `spellings`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from pydantic import ValidationError
from sqlalchemy import Select, delete, exists, func, insert, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from app.storage.engine import Transaction
from app.storage.tables import (
    crossing_bodies,
    crossing_subjects,
    crossings,
    decisions,
    findings,
    search_terms,
    spellings,
    violations,
)
from app.vocabulary.codes import Sought, SubjectKind, ViolationStatus
from app.vocabulary.spelling import company_words, neighbours, number, words
from app.vocabulary.wire import Crossing

_C = search_terms.c
_AT_ONCE = 1000
_NAMES = (Sought.NAME, Sought.COMPANY)


@dataclass(frozen=True, slots=True)
class Searchable:
    """A crossing as it is now; `keys` are those of its subjects, by kind and position."""

    crossing: str
    jurisdiction: str
    event: Crossing
    keys: Mapping[tuple[SubjectKind, int], str | None]


class _Term(NamedTuple):
    what: Sought
    position: int
    text: str


def store(tx: Transaction, found: Sequence[Searchable]) -> None:
    """Make crossings findable that are not.

    The last thing in a transaction, but once: servers that come upon the same new words wait for each other.
    """
    rows = [row for each in found for row in _rows(each)]
    if rows:
        tx.execute(insert(search_terms), rows)
        _spell(tx, {row["term"] for row in rows if row["what"] in _NAMES})


def remove(tx: Transaction, found: Sequence[str]) -> None:
    """Let crossings be found no more."""
    for some in _in_parts(found):
        tx.execute(delete(search_terms).where(_C.crossing.in_(some)))


def is_findable(tx: Transaction, crossing: str) -> bool:
    """Whether it has terms."""
    return bool(tx.execute(select(exists().where(_C.crossing == crossing))).scalar_one())


def on_same_plates(crossing: str) -> Select[tuple[str]]:
    """Crossings whose vehicles bear the plate of this one's, this one among them; none where it is not findable."""
    its_own = select(_C.term).where(_C.crossing == crossing, _C.what == Sought.PLATE)
    return select(_C.crossing).where(_C.what == Sought.PLATE, _C.term.in_(its_own))


def without(tx: Transaction, after: str, most: int) -> list[str]:
    """Crossings that officers work on and that nothing finds, as those stored by earlier releases; in order."""
    crossing, newest = crossings.c, decisions.alias()
    number = select(func.max(newest.c.number)).where(newest.c.crossing == crossing.id).correlate(crossings)
    shown = (
        exists()
        .where(decisions.c.crossing == crossing.id, decisions.c.number == number.scalar_subquery())
        .where(findings.c.crossing == crossing.id, findings.c.decision == decisions.c.id, findings.c.shadow.is_(False))
    )
    standing = exists().where(violations.c.crossing == crossing.id, violations.c.status != ViolationStatus.SUPERSEDED)
    query = select(crossing.id).where(
        crossing.id > after,
        crossing.withdrawn.is_(False),
        or_(standing, shown),
        ~exists().where(_C.crossing == crossing.id),
    )
    return list(tx.execute(query.order_by(crossing.id).limit(most)).scalars())


def read(tx: Transaction, crossing: str) -> Searchable | None:
    """What a stored crossing is found by; None where its event cannot be read any more."""
    body = crossing_bodies.c
    query = select(crossings.c.jurisdiction, body.body).join(crossing_bodies, body.crossing == crossings.c.id)
    row = tx.execute(query.where(crossings.c.id == crossing, body.crossing == crossing)).one()
    column = crossing_subjects.c
    keys = select(column.kind, column.position, column.key).where(column.crossing == crossing)
    try:
        event = Crossing.model_validate_json(row.body)
    except ValidationError:
        return None
    return Searchable(crossing, row.jurisdiction, event, {(each[0], each[1]): each[2] for each in tx.execute(keys)})


def _rows(found: Searchable) -> Iterator[dict[str, Any]]:
    for what, position, term in dict.fromkeys(_terms(found.event)):
        kind = SubjectKind.LEGAL_ENTITY if what in {Sought.COMPANY, Sought.IDENTIFIER} else SubjectKind.INDIVIDUAL
        of_nobody = what in {Sought.PLATE, Sought.EVENT}
        yield {
            "term": term,
            "what": what,
            "crossing": found.crossing,
            "position": position,
            "subject_key": None if of_nobody else found.keys.get((kind, position)),
            "jurisdiction": found.jurisdiction,
            "checkpoint": found.event.checkpoint,
        }


def _terms(event: Crossing) -> Iterator[_Term]:
    """What an event is found by; members that its sender left out are None."""
    numbers = [(Sought.EVENT, 0, event.id)]
    if event.vehicle and event.vehicle.plate:
        numbers.append((Sought.PLATE, 0, event.vehicle.plate))
    for place, person in enumerate(event.persons or ()):
        name = f"{person.surname or ''} {person.given_names or ''}"
        yield from (_Term(Sought.NAME, place, word) for word in words(name))
        if person.document and person.document.number:
            numbers.append((Sought.DOCUMENT, place, person.document.number))
    for place, company in enumerate(event.organizations or ()):
        yield from (_Term(Sought.COMPANY, place, word) for word in company_words(company.name or ""))
        numbers += [(Sought.IDENTIFIER, place, each) for each in (company.identifiers or {}).values()]
    yield from (_Term(what, place, term) for what, place, text in numbers if (term := number(text)))


def _spell(tx: Transaction, used: set[str]) -> None:
    """Keep the keys of words that were in no name before."""
    known = {word for some in _in_parts(sorted(used)) for word in _spelt(tx, some)}
    # In one order for all servers, so that no two of them wait for each other.
    new = sorted((word, each) for word in used - known for each in neighbours(word))
    if new:
        dialect = postgresql if tx.dialect.name == "postgresql" else sqlite
        rows = [{"word": word, "neighbour": each} for word, each in new]
        tx.execute(dialect.insert(spellings).on_conflict_do_nothing(), rows)


def _spelt(tx: Transaction, words: Sequence[str]) -> Iterable[str]:
    column = spellings.c
    return tx.execute(select(column.word).where(column.word.in_(words)).distinct()).scalars()


def _in_parts(values: Sequence[str]) -> Iterator[Sequence[str]]:
    """As many as a statement takes."""
    return (values[start : start + _AT_ONCE] for start in range(0, len(values), _AT_ONCE))
