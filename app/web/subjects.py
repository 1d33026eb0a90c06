"""A person or company across its crossings, and the days of its stays, for the API and the console alike."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from app.crossings import links, subjects
from app.crossings.history import MOST_LEGS
from app.errors import Invalid, NotFound
from app.evaluation import stays
from app.evaluation.stays import Asked, Stays
from app.facts.limits import Limit
from app.facts.subjects import as_stored
from app.identity.remit import EVERYWHERE, Remit
from app.storage.engine import Transaction, reading
from app.storage.types import is_storable
from app.vocabulary.codes import SubjectKind
from app.vocabulary.countries import SCHENGEN
from app.vocabulary.past import Leg
from app.web.security import Actor, looked
from app.web.services import Services


@dataclass(frozen=True, slots=True)
class Told:
    """Stays in a territory up to a day; `since` is the first day that is told of, None if all there is."""

    territory: str
    since: date | None
    stays: Stays


def stays_of(  # one argument for each thing that may be asked
    services: Services,
    actor: Actor,
    identifier: str,
    on: date,
    territory: str | None = None,
    asked: Sequence[Limit] = (),
) -> Told:
    """Days of a person, and what is left of the limits asked for and of those that rules set whoever leaves that day.

    Raises NotFound for whom nothing in the remit names, and for companies.
    """
    limits = [Asked(limit) for limit in asked]
    rulebook = services.pipeline.in_force.rulebook
    with reading(services.database) as tx:
        keys, (newest,) = subject_of(tx, identifier, 1, actor.remit)
        if subjects.kind_of(tx, keys) is not SubjectKind.INDIVIDUAL:
            raise NotFound(f"{identifier} is a company; stays are those of persons.")
        territory = _territory_of(services, territory or newest.state, on)
        states = stays.states_of(rulebook, territory, on)
        legs = subjects.legs(tx, keys, MOST_LEGS + 1, on)
        latest = next((leg for leg in legs if leg.state in states), None)
        known = subjects.event_at(tx, latest.crossing, latest.key) if latest else None
    looked(actor, "stays", newest.crossing)
    reach = stays.reach(rulebook, limits, on)
    since = _since(legs, reach)
    read = [leg for leg in legs if since is None or leg.day >= since]
    found = stays.sojourns_in(read, states, stays.since_of(rulebook, territory, on), on, reach if since else None)
    if known:
        facts = stays.as_if_leaving(services.pipeline.in_force.reference, *known, on)
        limits += stays.limits_of(rulebook, territory, facts, found, on) if facts else ()
    return Told(territory, since, stays.count(found, on, limits))


def _since(legs: Sequence[Leg], reach: date) -> date | None:
    """The day since which all legs are read, None if all there are; raises Invalid if limits reach further back."""
    if len(legs) <= MOST_LEGS:
        return None
    # In another time zone, what was not read may bear the date of the day after.
    since = legs[-1].day + timedelta(days=2)
    if since > reach:
        raise Invalid(f"There are more than {MOST_LEGS:,} crossings since {reach}: more than one person makes.")
    return since


def subject_of(tx: Transaction, key: str, most: int, remit: Remit) -> tuple[frozenset[str], list[Leg]]:
    """All keys of the subject, and its crossings; raises NotFound for a key that no crossing in the remit names.

    Who works where it crossed once is shown all of them: of some of its days no stay can be told.
    """
    named = as_stored(key)
    keys = links.clusters(tx, [named])[named] if is_storable(key) else frozenset()
    found = subjects.legs(tx, keys, most) if keys else []
    if not found or not (remit == EVERYWHERE or subjects.crossed_within(tx, keys, remit)):
        raise NotFound(f"No crossing on record names {key}. A key is issuer and number, as CHN:E12345678.")
    return keys, found


def _territory_of(services: Services, state: str, on: date) -> str:
    """A Schengen state's stays are counted over all of them."""
    schengen = stays.states_of(services.pipeline.in_force.rulebook, SCHENGEN, on)
    return SCHENGEN if state in schengen else state
