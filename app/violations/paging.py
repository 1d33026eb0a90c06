"""Orders of violations, and cursors into them.

Every order ends in the identifier, so that it is total. A cursor is readable by whoever cares to decode it and holds
nothing that the page did not; what a caller makes of it can only move the place at which the next page begins.
"""

import base64
import binascii
from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Column, ColumnElement, Row, literal, tuple_

from app.errors import Invalid, Problem
from app.storage.tables import violations
from app.vocabulary.codes import Severity


class Sort(StrEnum):
    """Names of the orders on the wire; those beginning with `-` descend."""

    NEWEST = "-occurred_at"
    OLDEST = "occurred_at"
    LAST_UPDATED = "-updated_at"
    FIRST_UPDATED = "updated_at"
    GRAVEST = "-severity"
    MILDEST = "severity"


def order(sort: Sort) -> list[ColumnElement[Any]]:
    """What to order by."""
    return [column.desc() if _descends(sort) else column.asc() for column in _columns(sort)]


def cursor_at(row: Row[Any], sort: Sort) -> str:
    """Make the cursor for the place of this row of violations."""
    values = [getattr(row, column.name) for column in _columns(sort)]
    return base64.urlsafe_b64encode(orjson.dumps([sort, *values])).rstrip(b"=").decode()


def after(cursor: str, sort: Sort) -> ColumnElement[bool]:
    """Condition that a violation comes after the cursor's place; raises `Invalid`."""
    columns = _columns(sort)
    place = tuple_(*(literal(value, column.type) for value, column in zip(_read(cursor, sort), columns, strict=True)))
    return tuple_(*columns) < place if _descends(sort) else tuple_(*columns) > place


def _columns(sort: Sort) -> list[Column[Any]]:
    name = sort.removeprefix("-")
    between = ["occurred_at"] if name == "severity" else []
    return [violations.c[each] for each in (name, *between, "id")]


def _descends(sort: Sort) -> bool:
    return sort.startswith("-")


def _instant(text: str) -> datetime:
    if (read := datetime.fromisoformat(text)).tzinfo is None:
        raise ValueError("without an offset from UTC")
    return read


def _identifier(text: str) -> str:
    return str(UUID(text))


_READ: Mapping[str, Callable[[str], Any]] = {
    "occurred_at": _instant,
    "updated_at": _instant,
    "severity": Severity,
    "id": _identifier,
}


def _read(cursor: str, sort: Sort) -> list[Any]:
    columns = _columns(sort)
    try:
        named, *texts = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if named != sort:
            raise _invalid("is of another sort")
        return [_READ[column.name](text) for text, column in zip(texts, columns, strict=True)]
    except (ValueError, TypeError, AttributeError, binascii.Error) as error:
        raise _invalid("is not one that a page ended in") from error


def _invalid(message: str) -> Invalid:
    return Invalid("The page cannot be given.", [Problem("cursor", message, "begin again without a cursor")])
