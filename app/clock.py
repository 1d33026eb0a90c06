"""The only place that reads the time: law is judged at a crossing's time, so all else takes a clock."""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Protocol
from uuid import UUID

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


class Clock(Protocol):
    """Tells the present instant, always aware and in UTC."""

    def now(self) -> datetime: ...


@dataclass(frozen=True, slots=True)
class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class FixedClock:
    """Stands still at `at`, which must be aware."""

    at: datetime

    def now(self) -> datetime:
        return self.at.astimezone(UTC)


def uuid7_text(now: datetime) -> str:
    """The text of `uuid7`; written here, for every row that is stored has one."""
    digits = f"{_time_of(now) | secrets.randbits(62):032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def uuid7(now: datetime) -> UUID:
    """Make an identifier that sorts by `now` (aware, 1970 to 10889) to the microsecond: RFC 9562, 5.7.

    The 12 bits after the milliseconds hold the fraction of the millisecond (6.2, method 3).
    """
    return UUID(int=_time_of(now) | secrets.randbits(62))


@lru_cache(maxsize=16)
def _time_of(now: datetime) -> int:
    """All bits but the random ones."""
    milliseconds, rest = divmod(now - _EPOCH, _MILLISECOND)
    fraction = (rest.microseconds << 12) // 1000
    return milliseconds << 80 | 0x7 << 76 | fraction << 64 | 0b10 << 62
