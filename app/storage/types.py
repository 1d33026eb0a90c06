"""Column types whose meaning must not depend on the database."""

import zlib
from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import DateTime, Dialect, LargeBinary, SmallInteger, String
from sqlalchemy.types import TypeDecorator, TypeEngine

from app.vocabulary.codes import Severity

_RANKED = tuple(Severity)


def is_storable(text: str) -> bool:
    """Whether both databases can be asked for the text: a NUL or half a surrogate pair makes PostgreSQL fail."""
    return not any(character == "\x00" or "\ud800" <= character <= "\udfff" for character in text)


class Instant(TypeDecorator[datetime]):
    """An aware instant in UTC, to the microsecond; in SQLite fixed-width text, whose order is the order in time."""

    impl: TypeEngine[Any] | type[TypeEngine[Any]] = String(27)
    cache_ok: bool | None = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        native = DateTime(timezone=True) if dialect.name == "postgresql" else String(27)
        return dialect.type_descriptor(native)

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | str | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs an offset from UTC")
        utc = value.astimezone(UTC)
        if dialect.name == "postgresql":
            return utc
        # Not strftime: glibc writes years before 1000 without leading zeros.
        return utc.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ANN401 (a driver's value)
        del dialect
        if value is None:
            return None
        return (datetime.fromisoformat(value) if isinstance(value, str) else value).astimezone(UTC)


class Ranked(TypeDecorator[Severity]):
    """A severity as its rank (minor 0, serious 1, grave 2), so that an index sorts by gravity."""

    impl: TypeEngine[Any] | type[TypeEngine[Any]] = SmallInteger
    cache_ok: bool | None = True

    def process_bind_param(self, value: Severity | None, dialect: Dialect) -> int | None:
        del dialect
        return None if value is None else _RANKED.index(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> Severity | None:
        del dialect
        return None if value is None else _RANKED[value]


class CompressedJson(TypeDecorator[Any]):
    """JSON as zlib bytes: for rule sources, large and seldom read."""

    impl: TypeEngine[Any] | type[TypeEngine[Any]] = LargeBinary
    cache_ok: bool | None = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> bytes:  # noqa: ANN401 (any JSON)
        del dialect
        return zlib.compress(orjson.dumps(value))

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> Any:  # noqa: ANN401 (any JSON)
        del dialect
        return None if value is None else orjson.loads(zlib.decompress(value))
