"""The state machine of a violation: every status, action and officer there is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import Conflict, Forbidden, GeregeError, Invalid
from app.violations.workflow import (
    DUE,
    STEPS,
    TO_TAKE,
    UNDECIDED,
    Action,
    Asked,
    By,
    State,
    after,
    belonging,
    possible,
)
from app.vocabulary.codes import Ground, Outcome, Severity, ViolationStatus

ONE, OTHER = By("one", supervises=False), By("other", supervises=False)
SUPERVISOR = By("supervisor", supervises=True)
WHOLE = {
    "reason": "seen",
    "ground": Ground.DATA_ERROR,
    "measure": "fine",
    "protocol": "17/2026",
    "to": "other",
    "attachment": "a",
}
states = st.builds(
    State,
    st.sampled_from(ViolationStatus),
    st.sampled_from(Severity),
    st.none() | st.sampled_from(Outcome),
    st.sampled_from([None, "one", "other"]),
    st.sampled_from([None, "one", "other"]),
    st.booleans(),
    st.frozensets(st.sampled_from(["one", "other"])),
)
officers = st.sampled_from([ONE, OTHER, SUPERVISOR])


def whole(action: Action) -> Asked:
    return Asked(action, **belonging(action, WHOLE))


@given(state=states, by=officers, action=st.sampled_from(Action))
def test_what_is_possible_can_be_done_and_nothing_else_can(state: State, by: By, action: Action) -> None:
    if action in possible(state, by):
        then = after(state, whole(action), by)
        assert then.status is (STEPS[action].ends or state.status)
        return
    with pytest.raises((Conflict, Forbidden)) as refused:
        after(state, whole(action), by)
    told = refused.value.detail
    assert all(f"`{each}`" in told for each in possible(state, by))


@given(state=states, by=officers, action=st.sampled_from(Action))
def test_only_named_steps_decide_and_who_decided_is_kept(state: State, by: By, action: Action) -> None:
    try:
        then = after(state, whole(action), by)
    except GeregeError:
        return
    if then.outcome is not state.outcome:
        assert action in {*(each for each in STEPS if STEPS[each].outcome), Action.REOPEN}
    if then.outcome and action is not Action.REOPEN and STEPS[action].outcome:
        assert then.decided_by == by.user
    # No step leads where only the engine does.
    assert then.status is not ViolationStatus.SUPERSEDED or state.status is ViolationStatus.SUPERSEDED


@given(state=states, by=officers, action=st.sampled_from(Action))
def test_what_is_missing_is_named_and_nothing_is_changed(state: State, by: By, action: Action) -> None:
    needs = STEPS[action].needs
    if action not in possible(state, by) or not needs:
        return
    with pytest.raises(Invalid) as refused:
        after(state, Asked(action), by)
    assert [each.pointer for each in refused.value.problems][: len(needs)] == [f"/{name}" for name in needs]


def test_the_way_of_a_violation_that_stands() -> None:
    state = State(ViolationStatus.OPEN, Severity.SERIOUS)
    for action, by, status in (
        (Action.TAKE, ONE, ViolationStatus.IN_REVIEW),
        (Action.CONFIRM, ONE, ViolationStatus.CONFIRMED),
        (Action.CLOSE, ONE, ViolationStatus.CLOSED),
        (Action.APPEAL, ONE, ViolationStatus.UNDER_APPEAL),
        (Action.UPHOLD, OTHER, ViolationStatus.UPHELD),
        (Action.CLOSE, OTHER, ViolationStatus.CLOSED),
    ):
        state = after(state, whole(action), by)
        assert state.status is status
    assert (state.outcome, state.decided_by) == (Outcome.UPHELD, "other")


def test_a_grave_one_is_closed_by_a_second_officer() -> None:
    state = State(ViolationStatus.DISMISSED, Severity.GRAVE, Outcome.DISMISSED, "one", "one")
    with pytest.raises(Forbidden, match="another officer"):
        after(state, whole(Action.CLOSE), ONE)
    assert after(state, whole(Action.CLOSE), OTHER).status is ViolationStatus.CLOSED


def test_nobody_judges_an_appeal_against_the_own_decision() -> None:
    state = State(
        ViolationStatus.UNDER_APPEAL, Severity.MINOR, Outcome.CONFIRMED, "one", "one", deciders=frozenset({"one"})
    )
    with pytest.raises(Forbidden):
        after(state, whole(Action.OVERTURN), ONE)
    # What was judged is not judged so again, or there would be nobody left who may.
    closed = after(after(state, whole(Action.UPHOLD), OTHER), whole(Action.CLOSE), ONE)
    with pytest.raises(Conflict):
        after(closed, whole(Action.APPEAL), ONE)


@pytest.mark.parametrize("judged", [Action.UPHOLD, Action.OVERTURN])
def test_nobody_undoes_alone_what_an_appeal_decided_on_the_own_decision(judged: Action) -> None:
    deciders = frozenset({SUPERVISOR.user})
    state = State(
        ViolationStatus.UNDER_APPEAL, Severity.MINOR, Outcome.CONFIRMED, decided_by=SUPERVISOR.user, deciders=deciders
    )
    then = after(state, whole(judged), OTHER)
    with pytest.raises(Forbidden):
        after(then, whole(Action.REOPEN), SUPERVISOR)
    assert after(then, whole(Action.REOPEN), By("a third", supervises=True)).status is ViolationStatus.REOPENED


@given(state=states, by=officers, data=st.data())
def test_what_belongs_to_another_action_is_refused(state: State, by: By, data: st.DataObject) -> None:
    action = data.draw(st.sampled_from(possible(state, by)))
    name = data.draw(st.sampled_from([each for each in WHOLE if each not in belonging(action, WHOLE)]))
    given_too = belonging(action, WHOLE) | {name: WHOLE[name]}
    with pytest.raises(Invalid) as refused:
        after(state, Asked(action, **given_too), by)
    assert [each.pointer for each in refused.value.problems] == [f"/{name}"]


def test_a_dismissal_for_another_ground_says_which() -> None:
    state = State(ViolationStatus.IN_REVIEW, Severity.MINOR, assignee="one")
    with pytest.raises(Invalid) as refused:
        after(state, Asked(Action.DISMISS, ground=Ground.OTHER), ONE)
    assert [each.pointer for each in refused.value.problems] == ["/reason"]
    assert after(state, Asked(Action.DISMISS, ground=Ground.RULE_WRONG), ONE).outcome is Outcome.DISMISSED


def test_only_what_stands_is_closed_with_a_measure_and_a_record() -> None:
    dismissed = State(ViolationStatus.DISMISSED, Severity.MINOR, Outcome.DISMISSED, "one", "one")
    assert after(dismissed, Asked(Action.CLOSE), ONE).status is ViolationStatus.CLOSED
    confirmed = State(ViolationStatus.CONFIRMED, Severity.MINOR, Outcome.CONFIRMED, "one", "one")
    with pytest.raises(Invalid) as refused:
        after(confirmed, Asked(Action.CLOSE), ONE)
    assert [each.pointer for each in refused.value.problems] == ["/measure", "/protocol"]


def test_a_decision_settles_what_was_to_be_looked_at_again() -> None:
    state = State(ViolationStatus.CONFIRMED, Severity.MINOR, Outcome.CONFIRMED, "one", "one", needs_review=True)
    assert after(state, whole(Action.COMMENT), OTHER).needs_review
    assert not after(state, whole(Action.REVIEW), OTHER).needs_review
    assert Action.REVIEW not in possible(State(ViolationStatus.OPEN, Severity.MINOR), ONE)


def test_every_severity_has_its_time_and_the_gravest_the_least() -> None:
    assert list(DUE) == list(reversed(Severity))
    assert sorted(DUE.values()) == list(DUE.values())
    assert TO_TAKE < UNDECIDED
