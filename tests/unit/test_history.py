"""Stays from legs, what happened at one instant, territories that grow, and the facts of `stay` and `history`."""

from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.facts.history import OF_THE_PAST, Here, Sojourn, history_facts, joined, over_border, sojourns
from app.facts.measures import bounds
from app.vocabulary.codes import Direction, StayBasis, UnknownReason
from app.vocabulary.past import Leg, Past, Unknown
from tests.pasts import RUS, checkpoint, here, leg, legs

SCHENGEN = frozenset({"FIN", "HRV", "SVN"})
JOINED = {"FIN": date(2001, 3, 25), "SVN": date(2007, 12, 21), "HRV": date(2023, 1, 1)}


def facts(*texts: str, territory: frozenset[str] = RUS, **rest: Any) -> dict[str, Any]:  # noqa: ANN401 (as `here`)
    return dict(history_facts(here(legs(*texts), territory, **rest)))


def spans(found: Here) -> list[tuple[str, str, str, str]]:
    """Of each stay: earliest, begin, end, latest."""
    return [(str(each.earliest), str(each.begin), str(each.end), str(each.latest)) for each in found.sojourns]


def only(found: Here) -> Sojourn:
    (stay,) = found.sojourns
    return stay


def day(text: str) -> date:
    return date.fromisoformat(text)


# --- stays ---------------------------------------------------------------------------------------------------


def test_an_entry_and_the_next_exit_bound_a_stay() -> None:
    found = here(legs("2024-01-01 entry RUS", "2024-01-05 exit RUS", "2024-02-01 entry RUS"))
    assert spans(found) == [
        ("2024-01-01", "2024-01-01", "2024-01-05", "2024-01-05"),
        ("2024-02-01", "2024-02-01", "2024-02-01", "2024-02-01"),
    ]
    assert [stay.lacks for stay in found.sojourns] == [None, None]


def test_a_stay_that_is_open_lasts_until_the_crossing_that_is_judged() -> None:
    assert spans(here(legs("2024-01-01 entry RUS", "2024-01-20 presence RUS"))) == [
        ("2024-01-01", "2024-01-01", "2024-01-20", "2024-01-20")
    ]


def test_an_exit_that_is_not_on_record_was_between_the_last_sign_of_presence_and_the_next_entry() -> None:
    first, _ = here(legs("2024-01-01 entry RUS", "2024-01-04 presence RUS", "2024-01-09 entry RUS")).sojourns
    assert (first.begin, first.end, first.latest) == (day("2024-01-01"), day("2024-01-04"), day("2024-01-09"))
    assert first.lacks == Unknown(UnknownReason.NO_EXIT, day("2024-01-01"))


@pytest.mark.parametrize("direction", ["exit", "presence"])
def test_an_entry_that_is_not_on_record_was_between_the_exit_before_and_the_first_sign_of_presence(
    direction: str,
) -> None:
    last = here(legs("2024-01-01 entry RUS", "2024-01-05 exit RUS", f"2024-01-20 {direction} RUS")).sojourns[-1]
    assert (last.earliest, last.begin, last.end) == (day("2024-01-05"), day("2024-01-20"), day("2024-01-20"))
    assert last.lacks == Unknown(UnknownReason.NO_ENTRY, day("2024-01-20"))


def test_the_first_crossing_on_record_may_end_a_stay_that_began_at_any_time() -> None:
    assert only(here(legs("2024-01-20 exit RUS"))).earliest == date.min


def test_every_crossing_of_a_stay_says_on_what_basis_it_was() -> None:
    stay = only(here(legs("2024-01-01 entry RUS", "2024-01-04 presence RUS residence_permit", "2024-01-09 exit RUS ?")))
    assert stay.bases == ("short_stay", "residence_permit", "")


def test_stays_in_other_states_are_none_here() -> None:
    found = here(legs("2024-01-01 entry KAZ", "2024-01-05 exit KAZ", "2024-01-05T13:00 entry RUS"))
    assert only(found).begin == day("2024-01-05")


def test_a_later_crossing_may_bear_an_earlier_date_where_time_zones_are_far_apart() -> None:
    east, west = ZoneInfo("Asia/Vladivostok"), ZoneInfo("Europe/Kaliningrad")
    found = here([leg("2024-03-02T00:30 entry RUS", east), leg("2024-03-01T23:00 exit RUS", west)])
    assert spans(found) == [("2024-03-02",) * 4]
    # The same without the entry, after an exit in the east.
    found = here([leg("2024-03-02T00:30 exit RUS", east), leg("2024-03-01T23:00 exit RUS", west)])
    assert found.sojourns[-1].earliest == day("2024-03-01")


# --- one instant ---------------------------------------------------------------------------------------------


def test_at_one_instant_who_is_inside_leaves_before_entering_again() -> None:
    found = legs("2024-01-01 entry RUS", "2024-01-05 exit RUS", "2024-01-05 entry RUS")
    assert history_facts(here(found))["history.exit_on_record"] is True
    assert [stay.lacks for stay in here(found).sojourns] == [None, None]
    first, leaving, again = found
    assert only(here([first, again, leaving])).lacks is None


def test_at_one_instant_who_is_outside_enters_before_leaving() -> None:
    enters, leaves = legs("2024-01-05 entry RUS", "2024-01-05 exit RUS")
    assert history_facts(here([enters, leaves]))["history.entry_on_record"] is True
    assert here([leaves, enters]).earlier == ()
    assert spans(here([enters, leaves, leg("2024-02-01 entry RUS")]))[0] == ("2024-01-05",) * 4


def test_at_one_instant_a_state_is_left_before_the_next_is_entered() -> None:
    from_china = legs("2024-01-01 entry CHN", "2024-01-05 exit CHN", "2024-01-05 entry RUS")
    assert history_facts(here(from_china))["history.present_in"] is None
    to_china = legs("2024-01-01 entry RUS", "2024-01-05 entry CHN", "2024-01-05 exit RUS")
    assert history_facts(here(to_china))["history.present_in"] is None
    later = [*to_china, leg("2024-01-08 entry RUS")]
    assert history_facts(here(later))["history.present_in"] == "CHN"


def test_one_crossing_that_two_systems_report_is_one() -> None:
    one, other = legs("2024-01-05 entry RUS", "2024-01-05 entry RUS")
    assert here([one, other]).earlier == ()
    leaves = leg("2024-01-07 exit RUS")
    assert only(here([one, other, leaves])).bases == ("short_stay", "short_stay")
    assert len(here([one, other, leaves]).earlier) == 1


def test_where_two_reports_of_one_crossing_differ_its_basis_is_open() -> None:
    reports = legs("2024-01-05 entry RUS", "2024-01-05 entry RUS residence_permit")
    assert only(here([*reports, leg("2024-01-07 exit RUS")])).bases == ("", "short_stay")


def test_a_crossing_is_no_part_of_its_own_past() -> None:
    before, now = legs("2024-01-05 entry RUS", "2024-01-07 exit RUS")
    reported_before = now._replace(at=now.at - timedelta(hours=1))
    assert Here(now, Past((before, reported_before)), RUS, {}).earlier == (before,)


HALF_A_DAY = timedelta(hours=12)
LEGS = st.lists(
    st.builds(
        lambda number, direction, state, basis: leg(
            f"{datetime(2024, 2, 27) + number * HALF_A_DAY:%Y-%m-%dT%H:%M} {direction} {state} {basis}"  # noqa: DTZ001
        ),
        st.integers(0, 6),
        st.sampled_from(Direction),
        st.sampled_from(["RUS", "CHN"]),
        st.sampled_from(["short_stay", "residence_permit", "?"]),
    ),
    min_size=1,
    max_size=7,
)


@given(LEGS, st.randoms())
def test_neither_order_nor_names_of_records_change_what_is_known(found: list[Leg], random: Random) -> None:
    *before, judged = found
    expected = here([*before, judged])
    names = [f"renamed-{number}" for number in range(len(before))]
    random.shuffle(names)
    renamed = [each._replace(crossing=name, key=name) for each, name in zip(before, names, strict=True)]
    random.shuffle(renamed)
    again = here([*renamed, judged])
    assert [_days(stay) for stay in again.sojourns] == [_days(stay) for stay in expected.sojourns]
    assert dict(history_facts(again)) == dict(history_facts(expected))


def _days(stay: Sojourn) -> tuple[Any, ...]:
    return stay.begin, stay.end, stay.earliest, stay.latest, stay.bases, stay.lacks


@given(LEGS)
def test_stays_of_a_territory_follow_each_other(found: list[Leg]) -> None:
    stays = here(found).sojourns
    for stay in stays:
        assert stay.earliest <= stay.begin <= stay.end <= stay.latest
        assert (stay.lacks is None) is (stay.entry is not None and (stay.exit is not None or stay is stays[-1]))


@st.composite
def comings_and_goings(draw: st.DrawFn) -> list[Leg]:
    """Mostly entry and exit in turn, a few hours or days apart, mostly on one basis; a day may go back by one."""
    made = []
    at = datetime(2024, 2, 27, tzinfo=UTC)
    mostly = draw(st.sampled_from(["short_stay", "?"]))
    for number in range(draw(st.integers(1, 12))):
        at += timedelta(hours=draw(st.sampled_from([1, 2, 9, 24, 30, 72])))
        usual = ("entry", "exit")[number % 2]
        direction = draw(st.sampled_from([usual] * 5 + list(Direction)))
        basis = draw(st.sampled_from([mostly] * 8 + ["residence_permit", "?"]))
        made.append(leg(f"{at:%Y-%m-%dT%H:%M} {direction} RUS {basis}"))
        if draw(st.sampled_from([False, False, False, True])):
            made[-1] = made[-1]._replace(day=made[-1].day - timedelta(days=1))
    return made


@given(comings_and_goings(), st.sets(st.sampled_from(StayBasis)))
@settings(max_examples=1000)
def test_stays_joined_where_no_day_passed_between_them_count_the_same_days(
    found: list[Leg], leave_out: set[StayBasis]
) -> None:
    *before, last = found
    short, whole = (tuple(sojourns((*legs, last), last.day)) for legs in (joined(before), before))
    assert short[-1] == whole[-1]
    one, other = (bounds(stays, frozenset(leave_out), last.day) for stays in (short, whole))
    assert [(each.runs, each.left_out) for each in (one.least, one.most)] == [
        (each.runs, each.left_out) for each in (other.least, other.most)
    ]
    assert one.open == other.open


def test_of_many_stays_in_a_row_on_one_basis_two_crossings_are_left() -> None:
    found = legs(*(f"2024-01-{day:02}T{hour} {direction} RUS" for day in (1, 2, 3, 5) for hour, direction in _A_DAY))
    assert [(each.day.day, each.direction) for each in joined(found)] == [
        (1, "entry"), (3, "exit"), (5, "entry"), (5, "exit"),
    ]  # fmt: skip


_A_DAY = [("08:00", "entry"), ("10:00", "exit"), ("12:00", "entry"), ("20:00", "exit")]


@given(LEGS)
def test_every_fact_of_the_past_is_there_or_told_why_not(found: list[Leg]) -> None:
    told = history_facts(here(found))
    assert told.keys() == OF_THE_PAST


# --- territories that grow -----------------------------------------------------------------------------------


def test_days_in_a_state_before_it_joined_are_none_in_the_territory() -> None:
    found = here(legs("2022-10-01 entry HRV", "2022-12-20 exit HRV", "2023-01-10 entry SVN"), SCHENGEN, since=JOINED)
    assert spans(found) == [("2023-01-10",) * 4]


def test_who_is_in_a_state_on_the_day_it_joins_enters_the_territory_on_that_day() -> None:
    found = here(legs("2022-12-20 entry HRV", "2023-01-20 exit SVN"), SCHENGEN, since=JOINED)
    assert spans(found) == [("2023-01-01", "2023-01-01", "2023-01-20", "2023-01-20")]
    assert history_facts(found)["stay.entered_on"] == day("2023-01-01")


def test_who_went_over_into_a_state_that_joined_left_the_territory_before() -> None:
    texts = "2022-12-01 entry FIN", "2022-12-10 exit SVN", "2022-12-10T13:00 entry HRV", "2023-02-01 exit HRV"
    found = here(legs(*texts), SCHENGEN, since=JOINED)
    assert [span[1:3] for span in spans(found)] == [("2022-12-01", "2022-12-10"), ("2023-01-01", "2023-02-01")]


def test_over_the_border_of_one_state_its_own_legs_count() -> None:
    found = legs("2024-01-01 entry RUS", "2024-01-02 entry KAZ", "2024-01-03 exit RUS")
    assert [each.state for each in over_border(found, RUS, {})] == ["RUS", "RUS"]


# --- facts of stay and history -------------------------------------------------------------------------------


def test_an_entry_is_on_record_by_itself() -> None:
    told = facts("2024-01-01 entry RUS")
    assert told["stay.entered_on"] == day("2024-01-01")
    assert told["history.entry_on_record"] is True
    assert told["history.exit_on_record"] is True
    assert told["history.last_entry_on"] is None
    assert told["history.last_exit_on"] is None


def test_an_exit_without_an_entry_is_known_to_lack_it_and_its_day_is_not_known() -> None:
    told = facts("2024-01-01 entry RUS", "2024-01-02 exit RUS", "2024-01-09 exit RUS")
    assert told["history.entry_on_record"] is False
    assert told["stay.entered_on"] == Unknown(UnknownReason.NO_ENTRY, day("2024-01-09"))
    assert told["history.last_entry_on"] == day("2024-01-01")
    assert told["history.last_exit_on"] == day("2024-01-02")


def test_an_entry_after_an_entry_lacks_the_exit_and_an_exit_never_does() -> None:
    assert facts("2024-01-01 entry RUS", "2024-01-09 entry RUS")["history.exit_on_record"] is False
    texts = "2024-01-01 entry RUS", "2024-01-09 entry RUS", "2024-01-10 exit RUS"
    assert facts(*texts)["history.exit_on_record"] is True


@pytest.mark.parametrize(
    ("last", "state"), [("2024-01-01 entry KAZ", "KAZ"), ("2024-01-01 exit KAZ", None), ("2024-01-01 exit RUS", None)]
)
def test_a_person_may_still_be_present_in_another_state(last: str, state: str | None) -> None:
    assert facts(last, "2024-01-09 entry RUS")["history.present_in"] == state


NEAR, FAR, NOWHERE = (
    checkpoint("RUS-NEAR", latitude=50.0, longitude=80.0),
    checkpoint("RUS-FAR", latitude=50.0, longitude=90.0),  # about 714 km
    checkpoint("RUS-NOWHERE"),
)
REGISTER = {each.code: each for each in (NEAR, FAR, NOWHERE)}


@pytest.mark.parametrize(
    ("before", "speed"),
    [
        ("2024-01-01T11:00 entry RUS-FAR", 664),  # 50 km less, for the register has the towns
        ("2024-01-01T02:00 entry RUS-FAR", 66),
        ("2024-01-01T12:00 entry RUS-FAR", 99_999),
        ("2024-01-01T11:59:59 exit RUS-NEAR", 0),
        ("2024-01-01T11:00 entry RUS-NOWHERE", Unknown(UnknownReason.COORDINATES, day("2024-01-01"))),
    ],
)
def test_speed_is_the_least_that_joins_two_crossings(before: str, speed: object) -> None:
    told = facts(before, "2024-01-01T12:00 exit RUS-NEAR", register=REGISTER)
    assert told["history.speed_kmh"] == speed


def test_there_is_no_speed_of_a_first_crossing() -> None:
    assert facts("2024-01-01T12:00 exit RUS-NEAR", register=REGISTER)["history.speed_kmh"] is None
