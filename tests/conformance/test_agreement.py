"""Laws 4 (monotone) and 5 (agreement) on generated rules and facts."""

from collections.abc import Sequence
from typing import Final, TypeAlias

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from app.backends import reference
from app.language.resolve import Resolved
from app.vocabulary.codes import SubjectKind, Verdict
from app.vocabulary.values import Facts
from tests import strategies
from tests.conformance.backends import BACKENDS, Verdicts

Case: TypeAlias = tuple[Sequence[Resolved], Facts, Facts]
EXAMPLES: Final = 150


@st.composite
def cases(draw: st.DrawFn, most: int = 4) -> Case:
    """Some rules, facts of which some are unknown, and the same facts with fewer unknown, or none."""
    kind = draw(st.sampled_from(list(SubjectKind)))
    rules = draw(st.lists(strategies.resolved_rules(kind), min_size=1, max_size=most))
    world = draw(strategies.worlds(kind, rules))
    fuller = draw(strategies.knowing_less(kind, world)) if draw(st.booleans()) else world
    return rules, draw(strategies.knowing_less(kind, fuller)), fuller


@settings(max_examples=EXAMPLES)
@given(cases(most=1))
def test_filling_in_an_unknown_never_changes_a_decided_verdict(case: Case) -> None:
    (rule,), facts, fuller = case
    verdict = reference.verdict(rule, facts)
    event(verdict)
    if verdict is not Verdict.UNDETERMINED:
        assert reference.verdict(rule, fuller) is verdict


@settings(max_examples=EXAMPLES)
@given(cases(most=1))
def test_an_undetermined_verdict_names_fields_that_are_unknown(case: Case) -> None:
    (rule,), facts, _ = case
    judged = reference.judge(rule, facts)
    assert judged.verdict is reference.verdict(rule, facts)
    assert bool(judged.missing) is (judged.verdict is Verdict.UNDETERMINED)


@pytest.mark.parametrize("verdicts", [BACKENDS[name] for name in BACKENDS if name != "reference"])
@settings(max_examples=EXAMPLES)
@given(case=cases())
def test_every_backend_gives_the_references_verdicts(verdicts: Verdicts, case: Case) -> None:
    rules, facts, fuller = case
    for each in (facts, fuller):
        assert verdicts(rules, each) == BACKENDS["reference"](rules, each)
