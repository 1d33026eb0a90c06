"""Counting days: published examples, laws of each limit, and agreement with a counter that walks day by day."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from itertools import pairwise, takewhile
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.errors import Invalid
from app.facts.limits import Assessment, CalendarYear, Continuous, Limit, PerEntry, Rolling, assess
from app.facts.stays import Presence, Stay

DAY = timedelta(days=1)
EXAMPLES = orjson.loads((Path(__file__).parents[1] / "data/stay_examples.json").read_bytes())["cases"]


def stays(*spans: str) -> list[Stay]:
    """`2024-01-01/2024-01-05`, `2024-01-01/` for an open stay, `(2024-01-01/)` for one that is left out."""
    found = []
    for span in spans:
        entry, _, leave = span.strip("()").partition("/")
        found.append(Stay(day(entry), day(leave) if leave else None, counted="(" not in span))
    return found


def day(text: str) -> date:
    return date.fromisoformat(text)


@pytest.mark.parametrize("example", EXAMPLES, ids=[each["id"] for each in EXAMPLES])
def test_published_examples_come_out_as_published(example: dict[str, Any]) -> None:
    limit = Rolling(*map(int, example["limit"].removeprefix("rolling ").split("/")))
    given_stays = [
        Stay(day(each["entry"]), each["exit"] and day(each["exit"]), each.get("counted", True))
        for each in example["stays"]
    ]
    found = assess(limit, given_stays, day(example["on"]))
    for name, expected in example["expected"].items():
        value = found.days_used - limit.limit if name == "days_over" else getattr(found, name)
        assert (value.isoformat() if isinstance(value, date) else value) == expected, name


def test_a_long_overstay_is_counted_day_by_day_with_the_window_of_each_day() -> None:
    found = assess(Rolling(90, 180), stays("2013-06-28/2013-08-09", "2013-09-19/"), day("2014-03-01"))
    assert found == Assessment(164, 0, day("2013-11-04"), 117, day("2013-11-05"))


def test_a_stay_goes_on_lawfully_over_new_year_into_the_next_count() -> None:
    found = assess(CalendarYear(90), stays("2025-10-10/"), day("2025-10-10"))
    assert found == Assessment(1, 82 + 90, day("2026-03-31"), 0, None)
    late = assess(CalendarYear(90), stays("2025-09-01/"), day("2026-01-02"))
    assert late == Assessment(2, 88, day("2026-03-31"), 32, day("2025-11-30"))


def test_only_a_leap_year_has_room_to_exceed_365_days() -> None:
    assert assess(CalendarYear(365), stays("2025-01-01/"), day("2025-06-01")).last_lawful_day == day("2028-12-30")


def test_leaving_and_coming_back_on_the_next_day_breaks_no_run_but_is_a_new_entry() -> None:
    twice, on = stays("2024-01-01/2024-01-10", "2024-01-11/"), day("2024-01-12")
    assert assess(Continuous(90), twice, on).days_used == 12
    assert assess(PerEntry(30), twice, on).days_used == 2
    assert assess(Continuous(90), twice[:1], day("2024-01-11")).days_remaining == 80
    assert assess(Continuous(90), twice[:1], day("2024-01-12")).days_remaining == 90


def test_coming_back_on_the_day_of_exit_hides_no_day_over_the_limit() -> None:
    found = assess(PerEntry(30), stays("2024-01-01/2024-01-31", "2024-01-31/"), day("2024-01-31"))
    assert found == Assessment(1, 29, day("2024-02-29"), 1, day("2024-01-31"))


def test_records_that_overlap_are_one_stay_from_the_first_entry() -> None:
    assert assess(PerEntry(30), stays("2024-01-01/", "2024-01-20/"), day("2024-01-25")).days_used == 25


def test_a_day_left_out_does_not_count_though_a_counted_stay_covers_it_too() -> None:
    both = stays("2024-01-01/2024-01-31", "(2024-01-10/2024-01-20)")
    presence = Presence.of(both, day("2024-02-01"))
    assert presence.days(day("2024-01-01"), day("2024-01-31")) == 20
    assert not presence.covers(day("2024-01-10"))
    assert presence.run_ending(day("2024-01-09")) == 9
    assert presence.run_ending(day("2024-01-22")) == 2


def test_who_is_there_on_a_permit_has_all_days_from_the_next() -> None:
    found = assess(Rolling(90, 180), stays("(2024-01-01/)"), day("2024-06-30"))
    assert found == Assessment(0, 90, day("2024-09-28"), 0, None)


def test_where_nothing_remains_who_is_there_must_leave_today_and_who_is_not_may_not_come() -> None:
    ninety = stays("2025-03-01/2025-05-29")
    assert assess(Rolling(90, 180), ninety, day("2025-05-29")).last_lawful_day == day("2025-05-29")
    assert assess(Rolling(90, 180), ninety, day("2025-05-30")) == Assessment(90, 0, None, 0, None)


def test_stays_that_begin_later_are_ignored_and_exits_to_come_are_not_yet() -> None:
    later = stays("2024-01-01/2024-12-31", "2025-01-01/")
    assert assess(Continuous(90), later, day("2024-01-10")) == Assessment(10, 80, day("2024-03-30"), 0, None)
    assert assess(Continuous(90), later, day("2023-12-31")) == Assessment(0, 90, day("2024-03-29"), 0, None)


@pytest.mark.parametrize("limit", [Rolling(90, 180), CalendarYear(90), Continuous(90), PerEntry(90)])
def test_at_the_ends_of_the_calendar_nothing_breaks(limit: Limit) -> None:
    last = assess(limit, [Stay(date.max, None)], date.max)
    assert last == Assessment(1, None, None, 0, None)
    first = assess(limit, [Stay(date.min, None)], date.min)
    assert first == Assessment(1, 89, date.min + 89 * DAY, 0, None)


def test_a_limit_of_no_days_forbids_every_day() -> None:
    for limit in (Rolling(0, 180), CalendarYear(0), Continuous(0), PerEntry(0)):
        found = assess(limit, stays("2024-12-30/2025-01-02", "2025-01-02/"), day("2025-01-03"))
        assert (found.overstay_days, found.last_lawful_day) == (5, day("2024-12-29"))


@pytest.mark.parametrize(
    "make",
    [
        lambda: Rolling(-1, 180),
        lambda: Rolling(180, 180),
        lambda: Rolling(1, 10**7),
        lambda: CalendarYear(366),
        lambda: Continuous(-1),
        lambda: PerEntry(10**7),
        lambda: Stay(date(2024, 1, 2), date(2024, 1, 1)),
    ],
)
def test_limits_and_stays_that_make_no_sense_are_refused(make: Callable[[], object]) -> None:
    with pytest.raises(Invalid):
        make()


# --- the independent counter: sets of dates, one day after the other ----------------------------------------


def span(first: date, last: date) -> list[date]:
    return [first + number * DAY for number in range((last - first).days + 1)]


class Walk:
    """What `assess` says, found by walking through every day."""

    def __init__(self, limit: Limit, history: Sequence[Stay], on: date) -> None:
        self.limit, self.on = limit, on
        records = [(each, span(each.entry, min(each.exit or on, on))) for each in history]
        away = {day for each, days in records if not each.counted for day in days}
        self.present = {day for _, days in records for day in days}
        self.counted = {day for each, days in records if each.counted for day in days} - away
        self.entries = self._entries([(days[0], days[-1]) for each, days in records if each.counted and days])

    @staticmethod
    def _entries(spans: list[tuple[date, date]]) -> list[tuple[date, date]]:
        for one in spans:
            for other in spans:
                if one is not other and one[0] <= other[0] < one[1]:
                    rest = [each for each in spans if each is not one and each is not other]
                    return Walk._entries([*rest, (one[0], max(one[1], other[1]))])
        return spans

    def used(self, day: date, since: date | None = None) -> int:
        match self.limit:
            case Rolling(window=window):
                return sum(day - number * DAY in self.counted for number in range(window))
            case CalendarYear():
                return sum(each.year == day.year and each <= day for each in self.counted)
            case Continuous():
                return len(list(takewhile(self.counted.__contains__, (day - n * DAY for n in range(10_000)))))
            case PerEntry():
                return sum(since <= each <= day for each in self.counted) if since else 0

    def entry(self, day: date) -> date | None:
        """Of the stay that the day belongs to; on the day of an exit and a new entry, of the new one."""
        return max((entry for entry, leave in self.entries if entry <= day <= leave), default=None)

    def exceeded(self, day: date) -> bool:
        if isinstance(self.limit, PerEntry):
            entries = [entry for entry, leave in self.entries if entry <= day <= leave]
            return any(self.used(day, entry) > self.limit.limit for entry in entries)
        return self.used(day) > self.limit.limit

    def assessed(self) -> Assessment:
        on, entry = self.on, self.entry(self.on)
        used = self.used(on, entry)
        exceeded = [day for day in sorted(self.counted) if self.exceeded(day)]
        overstay = len(exceeded), exceeded[0] if exceeded else None
        if on in self.counted and used > self.limit.limit:
            day = on
            while day in exceeded:
                day -= DAY
            return Assessment(used, 0, day, *overstay)
        here = on in self.present
        remaining = self.stay_on(on + DAY if here else on, entry)
        last = on + here * DAY + (remaining - 1) * DAY if remaining or here else None
        return Assessment(used, remaining, last, *overstay)

    def stay_on(self, start: date, entry: date | None) -> int:
        day = start
        while True:
            self.counted.add(day)
            if self.used(day, entry or start) > self.limit.limit:
                return (day - start).days
            day += DAY


# A year and a half around a leap day and two New Years; short pools so that days meet.
FIRST = date(2023, 11, 20)
days = st.integers(0, 500).map(lambda number: FIRST + number * DAY)
limits = st.one_of(
    st.tuples(st.integers(0, 30), st.integers(1, 60)).map(lambda pair: Rolling(pair[0], pair[0] + pair[1])),
    st.sampled_from([Rolling(90, 180), Rolling(60, 120)]),
    st.builds(CalendarYear, st.integers(0, 120)),
    st.builds(Continuous, st.integers(0, 60)),
    st.builds(PerEntry, st.integers(0, 60)),
)


@st.composite
def histories(draw: st.DrawFn) -> list[Stay]:
    """Chains of stays with gaps of 0 days (back on the day of exit), 1 (on the next) and more; some anywhere."""
    at, found = draw(days), []
    for gap, length, counted in draw(
        st.lists(st.tuples(st.sampled_from([0, 1, 2, 10, 40]), st.integers(0, 60), st.booleans()), max_size=6)
    ):
        found.append(Stay(at + gap * DAY, at + (gap + length) * DAY, counted))
        at += (gap + length) * DAY
    anywhere = st.tuples(days, st.none() | st.integers(0, 40), st.sampled_from([True, True, False]))
    for entry, more, counted in draw(st.lists(anywhere, max_size=2)):
        found.append(Stay(entry, None if more is None else entry + more * DAY, counted))
    return draw(st.permutations(found))


@settings(max_examples=800, deadline=None)
@given(limits, histories(), days)
def test_every_figure_is_what_walking_through_the_days_gives(limit: Limit, history: list[Stay], on: date) -> None:
    assert assess(limit, history, on) == Walk(limit, history, on).assessed()


@settings(max_examples=500, deadline=None)
@given(histories(), days, days)
def test_presence_is_a_set_of_days(history: list[Stay], until: date, first: date) -> None:
    presence = Presence.of(history, until)
    counted = Walk(Continuous(1), history, until).counted
    assert presence.days(first, until) == sum(day >= first for day in counted)
    assert {day for day in span(FIRST, until) if presence.covers(day)} == {day for day in counted if day >= FIRST}
    for before, after in pairwise(span(FIRST, until)):
        if presence.covers(after) and before > FIRST:
            assert presence.run_ending(after) == presence.run_ending(before) + 1


@given(histories(), days)
def test_order_and_repetition_of_records_do_not_matter(history: list[Stay], until: date) -> None:
    assert Presence.of([*reversed(history), *history], until).runs == Presence.of(history, until).runs
