"""Files that officers add to a violation: of few types, told by their content, never by their name."""

import hashlib
from dataclasses import dataclass
from typing import Final

from sqlalchemy import insert, select

from app.errors import Invalid, NotFound, Problem
from app.storage.engine import Transaction
from app.storage.tables import attachments
from app.storage.types import is_storable

MOST_BYTES: Final = 10 << 20
_TYPES: Final = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
)
_LONGEST_NAME: Final = 200


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file; `sha256` of its content in hexadecimal."""

    id: str
    violation: str
    name: str
    media_type: str
    sha256: str
    content: bytes


def store(tx: Transaction, identifier: str, violation: str, name: str, content: bytes) -> Attachment:
    """Keep a file; raises `Invalid` for one that is empty, too large or of another type."""
    found = next((kind for start, kind in _TYPES if content.startswith(start)), None)
    problems = []
    if not 0 < len(content) <= MOST_BYTES:
        problems.append(Problem("", f"must have 1 to {MOST_BYTES} bytes", "scan it at a lower resolution"))
    elif found is None:
        problems.append(Problem("", "is neither PDF, PNG nor JPEG", "one of these, told by its content"))
    if not (name.strip() and len(name) <= _LONGEST_NAME and name.isprintable() and not {"/", "\\"} & {*name}):
        problems.append(Problem("name", f"must be 1 to {_LONGEST_NAME} printable characters without a slash"))
    if problems or found is None:
        raise Invalid("The file was not kept.", problems)
    made = Attachment(identifier, violation, name, found, hashlib.sha256(content).hexdigest(), content)
    tx.execute(insert(attachments).values({name: getattr(made, name) for name in made.__slots__}))
    return made


def get(tx: Transaction, identifier: str) -> Attachment:
    """One file; raises `NotFound`."""
    query = select(attachments).where(attachments.c.id == identifier)
    row = tx.execute(query).one_or_none() if is_storable(identifier) else None
    if row is None:
        raise NotFound(f"There is no attachment {identifier}.")
    return Attachment(**row._asdict())


def names_of(tx: Transaction, violation: str) -> dict[str, str]:
    """What the files of a violation are called, by identifier."""
    query = select(attachments.c.id, attachments.c.name).where(attachments.c.violation == violation)
    return {row.id: row.name for row in tx.execute(query)}
