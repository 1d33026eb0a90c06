"""A passenger or crew list received: read, stored once, and the crossings of its voyages left due."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Engine as Database

from app.crossings import manifests
from app.crossings.manifests import Stored
from app.crossings.records import Raced
from app.errors import Invalid, Problem, Unavailable
from app.evaluation.past import alone_on
from app.evaluation.record import new_id
from app.storage.engine import transaction
from app.vocabulary.listed import Listed, listed
from app.vocabulary.paxlst import Manifest, parse

_RACES: Final = 3
# Airlines send a message or two at once, of a flight of a few legs.
_MESSAGES: Final = 100
_LEGS: Final = 200


@dataclass(frozen=True, slots=True)
class Taken:
    """A list on record and what it says; `replayed` if it came before."""

    stored: Stored
    messages: tuple[Manifest, ...]
    replayed: bool


def receive(database: Database, body: bytes, source: str, credential: str, now: datetime) -> Taken:
    """Read and store a list; raises Invalid if it is none or has too much in it, and Unavailable."""
    messages = parse(body)
    lists = [each for message in messages for each in listed(message, source, now)]
    _bound(messages, lists)
    new = Stored(new_id(now), source, body, hashlib.sha256(body).hexdigest(), now, credential)
    for _ in range(_RACES):
        try:
            known = _store(database, new, lists)
        except Raced:
            continue
        return Taken(known or new, messages, replayed=known is not None)
    raise Unavailable("Other servers are storing the same list; send it again.")


def _store(database: Database, new: Stored, lists: list[Listed]) -> Stored | None:
    """Store it in one transaction, unless it was before: that one then."""
    with transaction(database) as tx:
        alone_on([each.voyage for each in lists], tx)
        known = manifests.find(tx, new.source, new.body_digest)
        if known is None:
            manifests.store(tx, new, lists)
        return known


def _bound(messages: tuple[Manifest, ...], lists: list[Listed]) -> None:
    for what, count, most in (("messages", len(messages), _MESSAGES), ("legs across the border", len(lists), _LEGS)):
        if count > most:
            problem = Problem("content", f"the content has {count:,} {what}", f"at most {most}")
            raise Invalid("The content has too much in it; nothing was stored.", [problem])
