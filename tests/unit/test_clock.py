from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from app.clock import FixedClock, SystemClock, uuid7

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
INSTANTS = st.timedeltas(timedelta(), timedelta(days=2_900_000)).map(EPOCH.__add__)


@given(INSTANTS, INSTANTS)
def test_identifiers_sort_as_their_instants_do(one: datetime, other: datetime) -> None:
    earlier, later = sorted([one, other])
    assert earlier == later or uuid7(earlier) < uuid7(later)


@given(INSTANTS)
def test_an_identifier_is_of_version_7_and_tells_its_millisecond(instant: datetime) -> None:
    made = uuid7(instant)
    assert (made.version, made.variant) == (7, "specified in RFC 4122")
    assert made.int >> 80 == (instant - EPOCH) // timedelta(milliseconds=1)


def test_identifiers_of_one_instant_differ() -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    assert len({uuid7(now) for _ in range(1000)}) == 1000


def test_a_fixed_clock_tells_its_instant_in_utc() -> None:
    told = FixedClock(datetime(2026, 3, 1, 9, tzinfo=timezone(timedelta(hours=9)))).now()
    assert told.isoformat() == "2026-03-01T00:00:00+00:00"


def test_the_system_clock_is_aware_and_does_not_run_back() -> None:
    clock = SystemClock()
    first, second = clock.now(), clock.now()
    assert first.tzinfo is UTC
    assert first <= second
