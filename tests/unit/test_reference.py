"""The reference's explanations of long lists; that its verdicts are the language's meaning is the corpus's matter."""

import pytest

from app.backends.reference import explain
from app.language.ir import Condition, Leaf, Literal, Operator, Position, Quantified, Quantifier
from app.language.truth import Truth
from app.vocabulary.codes import SubjectKind
from app.vocabulary.fields import catalogue
from app.vocabulary.values import Facts, Record

FIELDS = catalogue(SubjectKind.INDIVIDUAL)
AT = Position("test", 1, 1)
KIND: Condition = Leaf(FIELDS["permits.kind"], Operator.IS, (Literal("zone_pass"),), AT)


def _permits(*kinds: str | None) -> Facts:
    records: tuple[Record, ...] = tuple({"permits.kind": kind} if kind else {} for kind in kinds)
    return {"permits": records}


@pytest.mark.parametrize(
    ("quantifier", "others", "decisive", "truth"),
    [
        (Quantifier.SOME, "visa_copy", "zone_pass", Truth.TRUE),
        (Quantifier.SOME, "visa_copy", None, Truth.UNKNOWN),
        (Quantifier.NONE, "visa_copy", "zone_pass", Truth.FALSE),
        (Quantifier.EVERY, "zone_pass", "visa_copy", Truth.FALSE),
        (Quantifier.EVERY, "zone_pass", None, Truth.UNKNOWN),
    ],
)
def test_of_a_long_list_what_decides_is_explained(
    quantifier: Quantifier, others: str, decisive: str | None, truth: Truth
) -> None:
    found = explain(Quantified(FIELDS["permits"], quantifier, KIND, AT), _permits(*[others] * 999, decisive))
    assert found.truth is truth
    assert found.value == 1000
    assert len(found.parts) < 100
    assert found.parts[0].truth is (truth.negated() if quantifier is Quantifier.NONE else truth)


def test_a_short_list_is_explained_record_by_record_in_its_order() -> None:
    found = explain(Quantified(FIELDS["permits"], Quantifier.SOME, KIND, AT), _permits("visa_copy", None, "zone_pass"))
    assert [part.truth for part in found.parts] == [Truth.FALSE, Truth.UNKNOWN, Truth.TRUE]
