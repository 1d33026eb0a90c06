"""Prepared conditions mean what the evaluator says they mean."""

from hypothesis import given
from hypothesis import strategies as st

from app.language.evaluate import truth
from app.language.prepared import prepare
from app.vocabulary.codes import SubjectKind
from tests.strategies import facts, resolved_rules


@given(st.data(), st.sampled_from(SubjectKind))
def test_a_prepared_condition_has_the_truth_of_the_condition(data: st.DataObject, kind: SubjectKind) -> None:
    rule = data.draw(resolved_rules(kind))
    known = data.draw(facts(kind, about=[rule]))
    for condition in (rule.applies, rule.holds):
        assert prepare(condition)(known, None) is truth(condition, known)
