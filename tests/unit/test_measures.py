"""Measures: agreement with a counter of day sets that tries whatever may be missing, and what each count says."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from itertools import product
from random import Random
from typing import Any, Final, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.facts.history import Here
from app.facts.measures import NO_KEY, Number, Place, lookback, measured, out_of_reach, reaching_back
from app.language.calendars import WEEK, Calendar
from app.language.ir import Count, Measure, Period, Reach
from app.vocabulary.codes import CapacityUnit, Direction, Regime, StayBasis, UnknownReason
from app.vocabulary.fields import Field, FieldType
from app.vocabulary.past import Leg, Offence, Traffic, Unknown
from app.vocabulary.values import Facts
from tests.pasts import SHORT, checkpoint, here, leg, legs, measure

RESIDENCE, LONG_STAY = StayBasis.RESIDENCE_PERMIT, StayBasis.LONG_STAY_VISA
PLACE: Final = Place(checkpoint("RUS-SOMEWHERE"), None)
DAY: Final = timedelta(days=1)


def number(counted: Measure, found: Here | None, facts: Facts | None = None, place: Place = PLACE) -> Number:
    return measured([counted], found or NO_KEY, facts or {}, place)[counted.field.path]


def days(window: int | None, *leave_out: StayBasis) -> Measure:
    """Days present in a window; of the calendar year without one."""
    return measure(Count.DAYS_PRESENT, days=window, calendar_year=window is None, leave_out=frozenset(leave_out))


# --- whole histories -----------------------------------------------------------------------------------------


class Visit(NamedTuple):
    """Days of entry and exit, and on what basis."""

    entry: date
    exit: date
    basis: str


@st.composite
def visits(draw: st.DrawFn) -> list[Visit]:
    """One after the other, from a day near a leap day or New Year on; the next may begin on the day one ends."""
    first = draw(st.sampled_from([date(2019, 12, 20), date(2023, 12, 1), date(2024, 2, 10), date(2025, 2, 10)]))
    found = []
    for gap, length, basis in draw(
        st.lists(st.tuples(st.integers(0, 90), st.integers(0, 150), st.sampled_from(StayBasis)), min_size=1, max_size=9)
    ):
        entry = first + gap * DAY
        first = entry + length * DAY
        found.append(Visit(entry, first, basis.value))
    return found


def recorded(found: Sequence[Visit], *, left: bool) -> list[Leg]:
    """Crossings of these visits, an hour after each other; without the last exit the person is seen on that day."""
    made: list[Leg] = []
    at = datetime.combine(found[0].entry, datetime.min.time(), UTC)
    for visit in found:
        for when, direction in ((visit.entry, "entry"), (visit.exit, "exit")):
            at = max(at + timedelta(seconds=1), datetime.combine(when, datetime.min.time(), UTC))
            last = visit is found[-1] and direction == "exit"
            said = "presence" if last and not left else direction
            made.append(Leg(at, said, "RUS-SOMEWHERE", visit.basis, when, "RUS", "A", f"{len(made)}"))
    return made


def span(first: date, last: date) -> set[date]:
    return {first + number * DAY for number in range((last - first).days + 1)}


def run(present: set[date], last: date) -> int:
    length = 0
    while last - length * DAY in present:
        length += 1
    return length


@given(
    found=visits(),
    left=st.booleans(),
    window=st.sampled_from([60, 120, 180, 360, None]),
    leave_out=st.sets(st.sampled_from(StayBasis)),
)
@settings(max_examples=500)
def test_days_of_a_whole_history_are_those_of_a_set_of_days(
    *, found: list[Visit], left: bool, window: int | None, leave_out: set[StayBasis]
) -> None:
    last = found[-1].exit
    out = set().union(*(span(each.entry, each.exit) for each in found if each.basis in leave_out))
    present = set().union(*(span(each.entry, each.exit) for each in found)) - out
    first = date(last.year, 1, 1) if window is None else last - (window - 1) * DAY
    judged = here(recorded(found, left=left))
    assert number(days(window, *leave_out), judged) == len(present & span(first, last))
    continuous = measure(Count.CONTINUOUS_DAYS, days=366, leave_out=frozenset(leave_out))
    assert number(continuous, judged) == min(run(present, last), 366)
    assert number(measure(Count.DAYS_SINCE_ENTRY), judged) == (last - found[-1].entry).days + 1


@given(visits(), st.randoms())
@settings(max_examples=300)
def test_reports_that_come_twice_and_in_any_order_change_no_count(found: list[Visit], random: Random) -> None:
    *before, judged = recorded(found, left=True)
    again = [each._replace(crossing=f"again-{each.crossing}", key="B") for each in (*before, judged)]
    mixed = [*before, *random.sample(again, random.randint(0, len(again)))]
    random.shuffle(mixed)
    for counted in (
        days(180, RESIDENCE),
        days(None),
        measure(Count.CONTINUOUS_DAYS, days=366),
        measure(Count.DAYS_SINCE_ENTRY),
        measure(Count.CROSSINGS, days=3660),
        measure(Count.MINUTES_SINCE_CROSSING, days=366),
    ):
        assert number(counted, here([*mixed, judged])) == number(counted, here([*before, judged]))


# --- histories with gaps -------------------------------------------------------------------------------------

FIRST: Final = date(2023, 12, 29)
# A missing first entry was at any time before; two days before all windows of these tests stand for it.
LONG_AGO: Final = FIRST - 12 * DAY


class Move(NamedTuple):
    """A crossing that is on record, or that must have been; that one shows no papers."""

    day: date
    direction: Direction
    basis: str | None


@st.composite
def moves(draw: st.DrawFn) -> list[Move]:
    found = draw(
        st.lists(
            st.tuples(st.integers(0, 8), st.sampled_from(Direction), st.sampled_from([*StayBasis, SHORT, ""])),
            min_size=1,
            max_size=5,
        )
    )
    return [Move(FIRST + day * DAY, direction, str(basis)) for day, direction, basis in sorted(found, key=_by_day)]


def _by_day(each: tuple[int, Direction, str]) -> int:
    return each[0]


def on_record(found: Sequence[Move]) -> list[Leg]:
    return [
        leg(f"{each.day}T{number + 1:02}:00 {each.direction} RUS {each.basis or '?'}")
        for number, each in enumerate(found)
    ]


def completions(found: Sequence[Move], *, inside: bool = False, since: date = LONG_AGO) -> Iterator[list[Move]]:
    """All histories without a gap that these moves may be the record of, one missing crossing a gap."""
    if not found:
        yield []
        return
    first, rest = found[0], found[1:]
    enters = first.direction is Direction.ENTRY
    if enters is not inside:
        for tail in completions(rest, inside=first.direction is not Direction.EXIT, since=first.day):
            yield [first, *tail]
        return
    missing = Direction.EXIT if inside else Direction.ENTRY
    for number in range((first.day - since).days + 1):
        when = since + number * DAY
        for tail in completions(found, inside=not inside, since=when):
            yield [Move(when, missing, None), *tail]


def present_in(whole: Sequence[Move], leave_out: set[StayBasis]) -> Iterator[set[date]]:
    """The days that count in a history without a gap, for each thing its papers may say."""
    stays: list[list[Move]] = []
    for move in whole:
        if move.direction is Direction.ENTRY:
            stays.append([])
        stays[-1].append(move)
    spans = [span(stay[0].day, stay[-1].day) for stay in stays]
    for counted in product(*(_may_count(stay, leave_out) for stay in stays)):
        out = set().union(*(each for each, counts in zip(spans, counted, strict=True) if not counts))
        yield set().union(*spans) - out


def _may_count(stay: Sequence[Move], leave_out: set[StayBasis]) -> set[bool]:
    """Papers that were not shown may be any; where those of one stay differ, either may have been right all along."""
    if not leave_out:
        return {True}
    said = {move.basis for move in stay if move.basis is not None}
    return {True, False} if "" in said else {basis not in leave_out for basis in said}


@given(moves(), st.integers(1, 10), st.sets(st.sampled_from(StayBasis)))
@settings(max_examples=1000, deadline=None)
def test_a_count_is_known_exactly_where_all_that_may_be_missing_agrees_on_it(
    found: list[Move], window: int, leave_out: set[StayBasis]
) -> None:
    last = found[-1].day
    judged = here(on_record(found))
    worlds = [present for whole in completions(found) for present in present_in(whole, leave_out)]
    for counted, first in (
        (days(window, *leave_out), last - (window - 1) * DAY),
        (days(None, *leave_out), date(last.year, 1, 1)),
    ):
        if first <= LONG_AGO:
            continue
        _agrees(number(counted, judged), {len(present & span(first, last)) for present in worlds})
    continuous = measure(Count.CONTINUOUS_DAYS, days=window, leave_out=frozenset(leave_out))
    _agrees(number(continuous, judged), {min(run(present, last), window) for present in worlds})


def _agrees(counted: Number, possible: set[int]) -> None:
    if isinstance(counted, Unknown):
        assert counted.reason in {UnknownReason.NO_ENTRY, UnknownReason.NO_EXIT, UnknownReason.BASIS}
        assert len(possible) > 1
    else:
        assert possible == {counted}


@given(moves(), st.integers(1, 10), st.sets(st.sampled_from(StayBasis)), st.sampled_from(StayBasis))
@settings(max_examples=500)
def test_filling_in_papers_of_the_crossing_changes_no_count_that_was_known(
    found: list[Move], window: int, leave_out: set[StayBasis], basis: StayBasis
) -> None:
    *before, judged = on_record(found)
    counts = [
        days(window, *leave_out),
        days(None, *leave_out),
        measure(Count.CONTINUOUS_DAYS, days=window, leave_out=frozenset(leave_out)),
        measure(Count.DAYS_SINCE_ENTRY),
        measure(Count.CROSSINGS, days=window),
    ]
    for counted in counts:
        known = number(counted, here([*before, judged._replace(basis="")]))
        if not isinstance(known, Unknown):
            assert number(counted, here([*before, judged._replace(basis=basis.value)])) == known


# --- days, one by one ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("texts", "counted", "expected"),
    [
        pytest.param(["2024-02-28 entry RUS", "2024-03-01 exit RUS"], days(180), 3, id="over a leap day"),
        pytest.param(["2023-02-28 entry RUS", "2023-03-01 exit RUS"], days(180), 2, id="over no leap day"),
        pytest.param(["2023-12-30 entry RUS", "2024-01-02 exit RUS"], days(None), 2, id="over New Year"),
        pytest.param(["2024-01-01T08:00 entry RUS", "2024-01-01T20:00 exit RUS"], days(180), 1, id="one day"),
        pytest.param(
            ["2024-01-01 entry RUS", "2024-01-03T08:00 exit RUS", "2024-01-03T20:00 entry RUS"],
            days(180), 3, id="out and in again on one day",
        ),
        pytest.param(["2023-09-01 entry RUS", "2024-01-01 exit RUS"], days(60), 60, id="longer than the window"),
        pytest.param(
            ["2024-01-01 entry RUS", "2024-01-10 exit RUS", "2024-03-10 entry RUS"], days(61), 2,
            id="the first day of the window counts",
        ),
        pytest.param(
            ["2024-01-01 entry RUS", "2024-01-10 exit RUS", "2024-03-10 entry RUS"], days(60), 1,
            id="the day before it does not",
        ),
        pytest.param(
            ["2024-01-01 entry RUS residence_permit", "2024-02-10 exit RUS residence_permit", "2024-03-01 entry RUS"],
            days(180, RESIDENCE), 1, id="days under a residence permit",
        ),
        pytest.param(
            ["2024-01-01 entry RUS", "2024-01-10 exit RUS", "2024-01-10T13:00 entry RUS long_stay_visa",
             "2024-01-20 exit RUS long_stay_visa"],
            days(180, LONG_STAY), 9, id="a day that is left out counts for no stay",
        ),
        pytest.param(["2024-01-01 entry RUS", "2024-01-05 entry RUS"], days(1), 1, id="a gap outside the window"),
    ],
)  # fmt: skip
def test_days_present(texts: list[str], counted: Measure, expected: int) -> None:
    assert number(counted, here(legs(*texts))) == expected


@pytest.mark.parametrize(
    ("texts", "reason", "of"),
    [
        pytest.param(["2024-01-09 exit RUS"], UnknownReason.NO_ENTRY, "2024-01-09", id="no entry"),
        pytest.param(
            ["2024-01-01 entry RUS", "2024-01-05 entry RUS"], UnknownReason.NO_EXIT, "2024-01-01", id="no exit"
        ),
        pytest.param(["2024-01-01 entry RUS ?"], UnknownReason.BASIS, "2024-01-01", id="papers not said"),
        pytest.param(
            ["2024-01-01 entry RUS", "2024-01-05 exit RUS residence_permit"], UnknownReason.BASIS, "2024-01-01",
            id="a permit got in between",
        ),
        pytest.param(
            ["2024-01-01 entry RUS", "2024-01-05 presence RUS residence_permit"], UnknownReason.BASIS, "2024-01-01",
            id="a permit shown on the way",
        ),
        pytest.param(
            ["2024-01-01 entry RUS residence_permit", "2024-01-05 exit RUS residence_permit", "2024-01-09 exit RUS",
             "2024-01-20 entry RUS"],
            UnknownReason.NO_ENTRY, "2024-01-09", id="the last doubtful stay is named",
        ),
    ],
)  # fmt: skip
def test_days_that_cannot_be_known_say_why(texts: list[str], reason: UnknownReason, of: str) -> None:
    assert number(days(180, RESIDENCE), here(legs(*texts))) == Unknown(reason, date.fromisoformat(of))


def test_a_stay_left_out_may_have_lasted_into_days_that_would_count() -> None:
    """Its exit is not on record: whether the day of the next entry counts hangs on it."""
    found = legs("2024-01-01 entry RUS residence_permit", "2024-01-05 entry RUS", "2024-01-06 exit RUS")
    assert number(days(180, RESIDENCE), here(found)) == Unknown(UnknownReason.NO_EXIT, date(2024, 1, 1))


def test_windows_reach_back_no_further_than_the_calendar() -> None:
    first = Leg(datetime(1, 1, 2, tzinfo=UTC), "entry", "RUS-SOMEWHERE", SHORT, date(1, 1, 2), "RUS", "A", "1")
    assert number(days(180), here([first])) == 1
    assert number(measure(Count.CROSSINGS, days=180), here([first])) == 0
    assert reaching_back(date(1, 1, 2), 180) == datetime(1, 1, 1, tzinfo=UTC)


@given(
    at=st.datetimes(timezones=st.timezones()),
    days_=st.integers(0, 400),
    later=st.integers(0, 500),
    hours=st.integers(-12, 14),
)
def test_no_window_reaches_back_from_where_it_is_out_of_reach(at: datetime, days_: int, later: int, hours: int) -> None:
    try:
        crossed = at.astimezone(UTC) + later * DAY
        day = crossed.astimezone(timezone(timedelta(hours=hours))).date()
    except OverflowError:
        return
    if reaching_back(day, days_) <= at.astimezone(UTC):
        assert crossed < out_of_reach(at, days_) or crossed.date() == date.max
    if later > days_ + 2 * (3 + 1):
        assert crossed >= out_of_reach(at, days_)


def test_a_run_is_counted_no_further_back_than_its_window() -> None:
    found = here(legs("2020-01-01 entry RUS", "2024-01-01 exit RUS"))
    assert number(measure(Count.CONTINUOUS_DAYS, days=366), found) == 366


def test_days_since_entry_are_unknown_without_it() -> None:
    counted = measure(Count.DAYS_SINCE_ENTRY)
    assert number(counted, here(legs("2024-01-01 entry RUS"))) == 1
    expected = Unknown(UnknownReason.NO_ENTRY, date(2024, 1, 9))
    assert number(counted, here(legs("2024-01-09 presence RUS"))) == expected


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(0, 3660), st.integers(-14, 12))
def test_no_leg_of_a_window_is_before_the_instant_from_which_legs_are_read(day: date, window: int, hours: int) -> None:
    first = datetime.combine(day - max(0, window - 1) * DAY, datetime.min.time(), UTC) + timedelta(hours=hours)
    assert reaching_back(day, window) < first


def test_legs_are_read_back_as_far_as_the_longest_window_needs() -> None:
    assert lookback([days(60), days(None)], date(2024, 12, 31)) == 366
    assert lookback([days(60), days(None)], date(2024, 2, 1)) == 60
    assert lookback([days(3660), days(60)], date(2024, 2, 1)) == 3660
    assert lookback([], date(2024, 2, 1)) == 0


# --- crossings, violations, minutes --------------------------------------------------------------------------

CROSSED: Final = legs(
    "2024-01-01 entry RUS-A", "2024-01-05 exit RUS-B", "2024-01-05T13:00 entry KAZ-C", "2024-01-30 exit KAZ-C",
    "2024-01-31 entry RUS-A",
)  # fmt: skip


@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        ({"days": 31}, 4),
        ({"days": 30}, 3),
        ({"days": 31, "reach": Reach.TERRITORY}, 2),
        ({"days": 31, "reach": Reach.CHECKPOINT}, 1),
        ({"days": 31, "direction": Direction.ENTRY}, 2),
        ({"calendar_year": True, "direction": Direction.EXIT, "reach": Reach.TERRITORY}, 1),
    ],
)
def test_earlier_crossings_are_counted_as_the_measure_says(rest: dict[str, Any], expected: int) -> None:
    assert number(measure(Count.CROSSINGS, **rest), here(CROSSED)) == expected


def test_crossings_of_a_state_before_it_joined_are_none_of_the_territory() -> None:
    found = legs("2022-12-01 entry HRV", "2022-12-05 exit HRV", "2023-01-05 entry SVN", "2023-01-06 exit SVN")
    counted = measure(Count.CROSSINGS, days=90, reach=Reach.TERRITORY)
    territory = frozenset({"HRV", "SVN"})
    assert number(counted, here(found, territory, since={"HRV": date(2023, 1, 1)})) == 1
    assert number(counted, here(found, territory)) == 3


def test_minutes_since_a_crossing_are_none_where_there_was_none_in_the_window() -> None:
    def since(days: int, **rest: object) -> Number:
        return number(measure(Count.MINUTES_SINCE_CROSSING, days=days, **rest), here(CROSSED))

    assert since(366) == 24 * 60
    assert since(366, reach=Reach.TERRITORY) == 26 * 24 * 60
    assert since(26, reach=Reach.TERRITORY) is None
    assert since(366, direction=Direction.PRESENCE) is None


def offence(day: str, regime: Regime = Regime.STAY, *, confirmed: bool = False) -> Offence:
    at = datetime.fromisoformat(f"{day}T12:00+00:00")
    return Offence(at, "RUS-STAY-001", at.date(), regime.value, confirmed, f"of {day}")


@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        ({"days": 31}, 3),
        ({"days": 30}, 2),
        ({"days": 31, "confirmed": True}, 1),
        ({"days": 31, "regimes": frozenset({Regime.CARGO, Regime.CARRIAGE})}, 1),
    ],
)
def test_violations_before_the_crossing_are_counted_as_the_measure_says(rest: dict[str, Any], expected: int) -> None:
    found = [
        offence("2024-01-01"), offence("2024-01-02", Regime.CARGO), offence("2024-01-30", confirmed=True),
        offence("2024-01-31"),
    ]  # fmt: skip
    judged = here([leg("2024-01-31 entry RUS")], offences=found)
    assert number(measure(Count.VIOLATIONS, **rest), judged) == expected


def between(counting: Count, kind: FieldType) -> Measure:
    return measure(counting, between=tuple(Field(each, kind, "", {}, frozenset()) for each in ("from", "until")))


NOON: Final = datetime(2024, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"from": NOON, "until": NOON + timedelta(minutes=90, seconds=59)}, 90),
        ({"from": NOON + timedelta(minutes=90), "until": NOON}, 90),
        ({"from": None, "until": NOON}, None),
        ({"until": NOON}, Unknown(UnknownReason.OPERAND)),
        ({"from": NOON}, Unknown(UnknownReason.OPERAND)),
    ],
)
def test_minutes_between_two_facts(facts: Facts, expected: Number) -> None:
    assert number(between(Count.MINUTES, FieldType.INSTANT), None, facts) == expected


# 2024-01-01 is a Monday and a holiday; Saturday the 6th is worked.
CALENDAR: Final = Calendar(
    "RUS",
    frozenset(WEEK[5:]),
    Period(date(2024, 1, 1), date(2024, 1, 31)),
    {date(2024, 1, 1): {"en": "New Year"}},
    frozenset({date(2024, 1, 6)}),
)


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (date(2024, 1, 1), date(2024, 1, 8), 6),
        (date(2024, 1, 5), date(2024, 1, 5), 0),
        (date(2024, 1, 9), date(2024, 1, 5), 0),
        (date(2023, 12, 31), date(2024, 1, 2), 1),
        (date(2024, 1, 30), date(2024, 2, 1), Unknown(UnknownReason.CALENDAR, date(2024, 2, 1))),
        (date(2024, 1, 1), None, None),
    ],
)
def test_working_days_are_those_after_the_first_day(first: date, last: date | None, expected: Number) -> None:
    counted, facts = between(Count.WORKING_DAYS, FieldType.DATE), {"from": first, "until": last}
    assert number(counted, None, facts, Place(PLACE.checkpoint, CALENDAR)) == expected


def test_working_days_of_a_state_without_a_calendar_are_unknown() -> None:
    counted, facts = between(Count.WORKING_DAYS, FieldType.DATE), {"from": date(2024, 1, 1), "until": date(2024, 1, 9)}
    assert number(counted, None, facts) == Unknown(UnknownReason.CALENDAR, date(2024, 1, 9))
    assert number(counted, None, {"from": date(2024, 1, 1)}) == Unknown(UnknownReason.OPERAND)


# --- the checkpoint, and subjects without a key --------------------------------------------------------------


def test_the_share_of_capacity_is_that_of_what_passed_before() -> None:
    place = Place(checkpoint("RUS-BUSY", capacity=200), None, Traffic(vehicles=51, persons=400))
    assert number(measure(Count.CHECKPOINT_CROSSINGS), None, place=place) == 51
    assert number(measure(Count.CHECKPOINT_CROSSINGS, passing=CapacityUnit.PERSONS), None, place=place) == 400
    assert number(measure(Count.CAPACITY_SHARE), None, place=place) == 25
    expected = Unknown(UnknownReason.CAPACITY)
    assert number(measure(Count.CAPACITY_SHARE, passing=CapacityUnit.PERSONS), None, place=place) == expected
    assert number(measure(Count.CAPACITY_SHARE), None) == expected


HISTORY: Final = [
    days(180),
    measure(Count.CONTINUOUS_DAYS, days=366),
    measure(Count.DAYS_SINCE_ENTRY),
    measure(Count.CROSSINGS, days=30),
    measure(Count.VIOLATIONS, days=30),
    measure(Count.MINUTES_SINCE_CROSSING, days=30),
]


@pytest.mark.parametrize("counted", HISTORY, ids=lambda each: each.count)
def test_whose_document_is_not_known_has_no_history_that_is_known(counted: Measure) -> None:
    assert number(counted, None) == Unknown(UnknownReason.NO_KEY)


def test_every_count_is_tried_here() -> None:
    others = {Count.MINUTES, Count.WORKING_DAYS, Count.CHECKPOINT_CROSSINGS, Count.CAPACITY_SHARE}
    assert {each.count for each in HISTORY} | others == set(Count)
