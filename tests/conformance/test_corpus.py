"""One corpus, every backend (DESIGN.md §2). Verdicts were thought out from the text of the design, not recorded."""

from collections.abc import Iterator, Mapping
from typing import Final

import pytest

from app.backends import reference
from app.backends.reference import Explained
from app.language.ir import Leaf, Quantified, Quantifier
from app.language.operators import FITTING, MISSING
from app.language.resolve import Resolved
from app.language.truth import Truth
from app.vocabulary.codes import SubjectKind, Verdict
from app.vocabulary.fields import FieldType
from tests.conformance import cases
from tests.conformance.backends import BACKENDS

CASES: Final = tuple(cases.read())
IN_FORCE: Final = tuple(case for case in CASES if case.verdict is not None)
# What a backend cannot do: (backend, case) to the error it must then raise.
GAPS: Final[Mapping[tuple[str, str], type[Exception]]] = {}


def _runs() -> Iterator[object]:
    for backend in BACKENDS:
        for case in IN_FORCE:
            gap = GAPS.get((backend, case.id))
            marks = [pytest.mark.xfail(raises=gap, strict=True)] if gap else []
            yield pytest.param(backend, case, id=f"{backend}: {case.id}", marks=marks)


def _resolved(case: cases.Case) -> Resolved:
    assert case.resolved is not None, "no version is in force"
    return case.resolved


@pytest.mark.parametrize(("backend", "case"), list(_runs()))
def test_a_backend_gives_the_corpus_verdict(backend: str, case: cases.Case) -> None:
    assert BACKENDS[backend]([_resolved(case)], case.facts) == [case.verdict]


@pytest.mark.parametrize("case", [c for c in CASES if c.verdict is None], ids=lambda case: case.id)
def test_a_rule_that_is_not_in_force_is_not_asked(case: cases.Case) -> None:
    assert case.resolved is None


@pytest.mark.parametrize("case", [c for c in CASES if c.missing is not None], ids=lambda case: case.id)
def test_an_undetermined_verdict_names_what_is_missing(case: cases.Case) -> None:
    assert frozenset(reference.judge(_resolved(case), case.facts).missing) == case.missing


@pytest.mark.parametrize("backend", [name for name in BACKENDS if name != "reference"])
@pytest.mark.parametrize("kind", list(SubjectKind))
def test_all_rules_of_the_corpus_at_once_agree_with_the_reference_on_all_its_facts(
    backend: str, kind: SubjectKind
) -> None:
    alike = [case for case in IN_FORCE if case.kind is kind]
    rules = list({id(_resolved(case)): _resolved(case) for case in alike}.values())
    for case in alike[:: max(1, len(alike) // 60)]:
        assert BACKENDS[backend](rules, case.facts) == BACKENDS["reference"](rules, case.facts), case.id


def _asked() -> Iterator[Explained]:
    """Every leaf and quantifier of the corpus with the truth it came to."""

    def below(tree: Explained) -> Iterator[Explained]:
        if isinstance(tree.node, Leaf | Quantified):
            yield tree
        for part in tree.parts:
            yield from below(part)

    for case in IN_FORCE:
        judged = reference.judge(_resolved(case), case.facts)
        yield from below(judged.applies)
        yield from below(judged.holds)


def _state(value: object) -> str:
    return "omitted" if value is MISSING else "none" if value is None or value == () else "known"


def test_every_operator_of_every_type_is_true_false_and_unknown_somewhere() -> None:
    found = {(tree.node.field.type, tree.node.operator, tree.truth) for tree in _asked() if isinstance(tree.node, Leaf)}
    wanted = {(kind, operator, truth) for kind, fit in FITTING.items() for operator in fit for truth in Truth}
    assert wanted <= found


def test_every_operator_of_every_type_meets_values_known_omitted_and_none() -> None:
    found = {
        (tree.node.field.type, tree.node.operator, _state(tree.value))
        for tree in _asked()
        if isinstance(tree.node, Leaf)
    }
    states = ("known", "omitted", "none")
    wanted = {(kind, operator, state) for kind, fit in FITTING.items() for operator in fit for state in states}
    # No instant of the catalogue can be none.
    assert {(kind, state) for kind, _, state in wanted - found} == {(FieldType.INSTANT, "none")}


def test_every_quantifier_over_every_list_is_true_false_and_unknown_somewhere() -> None:
    found = {
        (tree.node.field.path, tree.node.quantifier, tree.truth)
        for tree in _asked()
        if isinstance(tree.node, Quantified)
    }
    lists = ("permits", "cargo", "observations", "findings")
    wanted = {(path, quantifier, truth) for path in lists for quantifier in Quantifier for truth in Truth}
    # `every` over findings is read as `none otherwise`, so that findings of other rules do not count.
    read_otherwise = {("findings", Quantifier.EVERY, truth) for truth in Truth}
    assert wanted - read_otherwise <= found


def test_the_corpus_is_large_and_reaches_every_verdict() -> None:
    assert len(CASES) >= 260
    assert {case.verdict for case in CASES} == {*Verdict, None}
    assert len({case.id for case in CASES}) == len(CASES)
