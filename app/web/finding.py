"""Finding, for the API and the console alike: within the remit of who asks, and on record who looked at what."""

from app.facts.subjects import as_stored
from app.storage.engine import reading
from app.violations.find import Found, find
from app.web.security import Actor, looked
from app.web.services import Services


def found_by(services: Services, actor: Actor, text: str) -> Found:
    """What fits the text, which is not in the log: it may name somebody."""
    key = as_stored(text) if ":" in text else None
    with reading(services.database) as tx:
        found = find(tx, text, actor.remit, key)
    crossings = [each.crossing for each in found.subjects] + [each.id for each in found.crossings]
    looked(actor, "find", *dict.fromkeys([*crossings, *(each.violation.id for each in found.violations)]))
    return found
