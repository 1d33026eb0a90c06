"""Working days of states, opening hours of checkpoints, and the committed data of both."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.evaluation.reload import compile_sources
from app.language.calendars import WEEK, Calendar, Hours, OpenDays, OpeningHours, Season, Weekday
from app.language.ir import Period, Position, Rulebook
from app.language.load import read_sources

RULES = Path(__file__).parents[2] / "rules"
DAY = timedelta(days=1)
FIRST, LAST = date(2025, 12, 20), date(2026, 2, 10)
ALL_DAY = (Hours(0 * 60, 24 * 60),)
DAYTIME = (Hours(10 * 60, 18 * 60),)
days = st.dates(FIRST - 5 * DAY, LAST + 5 * DAY)


@cache
def rulebook() -> Rulebook:
    compiled, diagnostics = compile_sources(read_sources(RULES))
    assert compiled is not None, diagnostics
    return compiled.rulebook


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    covered = st.dates(FIRST, LAST)
    weekend = draw(st.frozensets(st.sampled_from(Weekday), max_size=3))
    holidays = draw(st.sets(covered, max_size=10))
    rest = [FIRST + n * DAY for n in range((LAST - FIRST).days + 1)]
    working = {day for day in rest if WEEK[day.weekday()] in weekend and day not in holidays and draw(st.booleans())}
    names = {day: {"en": "Holiday"} for day in holidays}
    return Calendar("RUS", weekend, Period(FIRST, LAST), names, frozenset(working))


def walked(calendar: Calendar, first: date, last: date) -> int | None:
    """Working days counted one by one."""
    count, day = 0, first + DAY
    while day <= last:
        if day not in calendar.covers:
            return None
        rest = day in calendar.holidays or WEEK[day.weekday()] in calendar.weekend
        count += day in calendar.working or not rest
        day += DAY
    return count


@given(calendars(), days, days)
def test_working_days_are_those_of_a_walk_day_by_day(calendar: Calendar, first: date, last: date) -> None:
    assert calendar.working_days(first, last) == walked(calendar, first, last)


def opening(*entries: OpenDays) -> OpeningHours:
    return OpeningHours("RUS-A", entries, Position("calendars/checkpoints.yaml", 1, 1))


def on(
    hours: tuple[Hours, ...],
    period: Period = Period(),  # noqa: B008 (frozen)
    days: frozenset[Weekday] = frozenset(Weekday),
    season: Season | None = None,
) -> OpenDays:
    return OpenDays(period, season, days, hours, "made up")


@pytest.mark.parametrize(
    ("clock", "open_then"),
    [("09:59", False), ("10:00", True), ("17:59", True), ("18:00", False)],
)
def test_hours_hold_from_their_start_to_before_their_end(clock: str, open_then: bool) -> None:  # noqa: FBT001
    instant = datetime.fromisoformat(f"2026-03-01T{clock}:00+08:00")
    assert opening(on(DAYTIME)).open_at(instant, ZoneInfo("Asia/Irkutsk")) is open_then


def test_several_spans_a_day_leave_a_break_between_them() -> None:
    hours = opening(on((Hours(8 * 60, 12 * 60), Hours(14 * 60, 24 * 60))))
    found = [hours.open_at(datetime(2026, 3, 1, hour, 30, tzinfo=UTC), UTC) for hour in (7, 9, 13, 23)]
    assert found == [False, True, False, True]


def test_hours_past_midnight_belong_to_the_day_on_which_they_begin() -> None:
    fridays = opening(on((Hours(20 * 60, 26 * 60),), days=frozenset({Weekday.FRIDAY})))
    friday = date(2026, 3, 6)

    def at(day: date, hour: int) -> bool | None:
        return fridays.open_at(datetime.combine(day, time(hour), UTC), UTC)

    assert [at(friday, 1), at(friday, 19), at(friday, 23)] == [False, False, True]
    assert [at(friday + DAY, 1), at(friday + DAY, 2), at(friday + DAY, 20)] == [True, None, None]


def test_a_closed_day_is_closed_from_its_first_minute() -> None:
    day = date(2026, 3, 6)
    hours = opening(on((Hours(20 * 60, 26 * 60),)), on((), Period(day, day)))
    assert hours.open_at(datetime.combine(day, time(1), UTC), UTC) is False
    assert hours.open_at(datetime.combine(day, time(23), UTC), UTC) is False
    assert hours.open_at(datetime.combine(day + DAY, time(23), UTC), UTC) is True


@pytest.mark.parametrize("zone", ["Europe/Helsinki", "Europe/Vilnius"])
def test_the_wall_clock_decides_on_the_days_it_changes(zone: str) -> None:
    night = opening(on((Hours(22 * 60, 29 * 60),)))
    # 29 March 2026: 03:00 becomes 04:00, at 01:00 UTC; 25 October: 04:00 becomes 03:00, at 01:00 UTC.
    for instant, open_then in (
        ("2026-03-29T01:59", True),  # 04:59, an hour after 02:59
        ("2026-03-29T02:00", False),  # 05:00
        ("2026-03-28T19:59", False),  # 21:59 of winter time
        ("2026-03-28T20:00", True),
        ("2026-10-25T00:30", True),  # 03:30, the first time
        ("2026-10-25T01:30", True),  # 03:30, the second time
        ("2026-10-25T02:59", True),  # 04:59
        ("2026-10-25T03:00", False),  # 05:00 of winter time
        ("2026-10-24T18:59", False),  # 21:59 of summer time
        ("2026-10-24T19:00", True),
    ):
        assert night.open_at(datetime.fromisoformat(f"{instant}+00:00"), ZoneInfo(zone)) is open_then, instant


@pytest.mark.parametrize(
    ("season", "inside", "outside"),
    [
        (Season((5, 2), (10, 31)), ["05-02", "10-31"], ["05-01", "11-01"]),
        (Season((11, 1), (5, 1)), ["11-01", "12-31", "01-01", "02-29", "05-01"], ["10-31", "05-02"]),
        (Season((3, 1), (3, 1)), ["03-01"], ["02-29", "03-02"]),
    ],
)
def test_a_season_has_its_first_and_its_last_day(season: Season, inside: list[str], outside: list[str]) -> None:
    assert all(date.fromisoformat(f"2024-{day}") in season for day in inside)
    assert not any(date.fromisoformat(f"2024-{day}") in season for day in outside)


@given(st.lists(st.tuples(days, days, st.sampled_from([(), DAYTIME, ALL_DAY])), max_size=4), days)
def test_the_last_entry_that_speaks_of_a_day_decides_it(
    written: list[tuple[date, date, tuple[Hours, ...]]], day: date
) -> None:
    hours = opening(*(on(found, Period(first, last)) for first, last, found in written))
    speaking = [found for first, last, found in written if first <= day <= last]
    expected = {(): False, DAYTIME: True, ALL_DAY: True}[speaking[-1]] if speaking else None
    assert hours.open_at(datetime.combine(day, time(12), UTC), UTC) is expected


# What follows is the committed data, against what pages other than its source say.

REST: Mapping[str, tuple[str, ...]] = {
    # tass.com/obschestvo/25149527 on 2026; Labour Code article 112 on the rest.
    "RUS": ("2026-01-09", "2026-12-31", "2026-03-09", "2026-05-11", "2026-06-12", "2025-05-09", "2024-11-04"),
    # pobipb.kz/kalendar-vyxodnyx-i-prazdnichnyx-dnej-na-2025-god
    "KAZ": ("2025-01-03", "2025-03-10", "2025-03-24", "2025-03-25", "2025-06-06", "2025-07-07", "2025-09-01"),
    # bulak.kg/2022/12/16/kyrgyzstantsy-budut-otdyhat-s-1-po-8-yanvarya
    "KGZ": ("2023-01-03", "2023-01-06", "2023-03-20", "2023-03-21", "2023-05-08", "2023-11-06", "2023-08-31"),
    # news.mail.ru/society/69230514 on 2026; tafsilar.info on 2021 and 2022
    "UZB": ("2026-03-09", "2026-03-23", "2026-05-11", "2026-08-31", "2022-03-22", "2021-05-14", "2021-07-21"),
    # politics.gmw.cn/2025-11/04/content_38391083.htm, the State Council's notice on 2026
    "CHN": ("2026-01-02", "2026-02-16", "2026-02-23", "2026-04-06", "2026-05-05", "2026-10-01", "2026-10-07"),
    # minsk.belprofmash.1prof.by, resolution 397 of 2025-07-22 on 2026
    "BLR": ("2026-01-02", "2026-01-07", "2026-04-20", "2026-04-21", "2026-07-03", "2026-12-25"),
    # latestly.com on the list of the Department of Personnel and Training for 2025
    "IND": ("2025-02-26", "2025-03-14", "2025-03-31", "2025-05-12", "2025-10-02", "2025-10-20", "2025-11-05"),
}
WORKED: Mapping[str, tuple[str, ...]] = {
    "RUS": ("2026-01-12", "2026-11-05"),
    "KAZ": ("2025-01-05", "2025-03-26"),
    "KGZ": ("2023-01-09", "2023-02-25", "2023-04-29", "2023-11-11"),
    "UZB": ("2026-12-12", "2021-03-27", "2021-07-24"),
    "CHN": ("2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10"),
    "BLR": ("2026-04-25",),
    "IND": ("2025-10-21",),
}


@pytest.mark.parametrize("state", REST)
def test_known_days_of_rest_and_work_are_right(state: str) -> None:
    calendar = rulebook().calendars[state]
    assert [day for day in REST[state] if calendar.is_working(date.fromisoformat(day))] == []
    assert [day for day in WORKED[state] if not calendar.is_working(date.fromisoformat(day))] == []


def test_every_calendar_is_compared_with_another_source() -> None:
    assert set(rulebook().calendars) == set(REST) == set(WORKED)


def test_a_russian_year_has_as_many_working_days_as_its_production_calendar() -> None:
    # news.mail.ru/economics/69264300: both have 247.
    russia = rulebook().calendars["RUS"]
    years = {year: russia.working_days(date(year - 1, 12, 31), date(year, 12, 31)) for year in (2025, 2026)}
    assert years == {2025: 247, 2026: 247}


def test_a_kazakh_year_has_as_many_working_days_as_is_published() -> None:
    # The same page of pobipb.kz says 246.
    assert rulebook().calendars["KAZ"].working_days(date(2024, 12, 31), date(2025, 12, 31)) == 246


def test_seven_working_days_over_the_chinese_national_holiday_take_the_saturday() -> None:
    # From 30 September 2026: 8 and 9 October, Saturday the 10th, then 12 to 15.
    assert rulebook().calendars["CHN"].working_days(date(2026, 9, 30), date(2026, 10, 15)) == 7


@pytest.mark.parametrize(
    ("instant", "open_then"),
    [
        ("2024-05-02T10:00+08:00", True),
        ("2024-06-02T10:00+08:00", True),  # a Sunday in summer
        ("2024-10-31T17:59+08:00", True),
        ("2024-11-02T12:00+08:00", False),  # a Saturday in winter
        ("2024-11-04T12:00+08:00", True),
        ("2025-07-10T12:00+08:00", False),  # Naadam
        ("2025-07-18T12:00+08:00", True),
        ("2022-09-22T12:00+08:00", None),  # the day before the source
    ],
)
def test_mondy_is_open_as_the_border_service_explained(instant: str, open_then: bool | None) -> None:  # noqa: FBT001
    mondy = rulebook().opening["RUS-MONDY"]
    assert mondy.open_at(datetime.fromisoformat(instant), ZoneInfo("Asia/Irkutsk")) is open_then


def test_hours_of_a_checkpoint_that_is_not_in_the_register_are_an_error() -> None:
    hours = 'RUS-MONDI: [{hours: "10:00-18:00", source: made up}]\n'
    compiled, diagnostics = compile_sources(read_sources(RULES) | {"calendars/checkpoints.yaml": hours})
    (found,) = diagnostics
    assert compiled is None
    assert str(found).startswith("calendars/checkpoints.yaml:1:1: error: there is no checkpoint RUS-MONDI in ")
    assert found.hint.startswith("Did you mean RUS-MONDY")
