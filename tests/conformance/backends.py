"""Adapters that make every backend answer the same question: the verdicts of these rules on these facts.

A backend that only nominates answers with the reference's verdict where it nominated, and elsewhere with whichever of
`compliant` and `not_applicable` it is. What it should have nominated and did not thus comes out wrong.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, TypeAlias

from app.backends import reference, rete
from app.backends.index import Index, positions
from app.language.evaluate import truth
from app.language.resolve import Resolved
from app.language.truth import Truth
from app.vocabulary.codes import Verdict
from app.vocabulary.values import Facts

Verdicts: TypeAlias = Callable[[Sequence[Resolved], Facts], list[Verdict]]


def by_reference(rules: Sequence[Resolved], facts: Facts) -> list[Verdict]:
    return [reference.verdict(rule, facts) for rule in rules]


def by_index(rules: Sequence[Resolved], facts: Facts) -> list[Verdict]:
    """The index is exact: its own masks are the verdicts."""
    judgement = Index(rules).judge(facts)
    verdicts = [Verdict.NOT_APPLICABLE] * len(rules)
    masks = {
        Verdict.VIOLATED: judgement.violated,
        Verdict.UNDETERMINED: judgement.undetermined,
        Verdict.COMPLIANT: judgement.compliant,
    }
    for verdict, mask in masks.items():
        for position in positions(mask):
            verdicts[position] = verdict
    return verdicts


def by_nomination(rules: Sequence[Resolved], facts: Facts, nominated: Iterable[int]) -> list[Verdict]:
    """Verdicts, given the positions of the rules a backend nominated."""
    chosen = frozenset(nominated)
    return [
        reference.verdict(rule, facts) if position in chosen else _settled(rule, facts)
        for position, rule in enumerate(rules)
    ]


def _settled(rule: Resolved, facts: Facts) -> Verdict:
    return Verdict.NOT_APPLICABLE if truth(rule.applies, facts) is Truth.FALSE else Verdict.COMPLIANT


def by_rete(rules: Sequence[Resolved], facts: Facts) -> list[Verdict]:
    engine = rete.Rete(rules)
    try:
        nominated = engine.nominate(facts)
    finally:
        engine.close()
    chosen = by_nomination(rules, facts, nominated)
    # It promises to be exact on facts that keep the vocabulary's promises; what is nominated must be open.
    assert all(chosen[position] in {Verdict.VIOLATED, Verdict.UNDETERMINED} for position in nominated)
    return chosen


BACKENDS: Final[Mapping[str, Verdicts]] = {
    "reference": by_reference,
    "index": by_index,
    **({"rete": by_rete} if rete.available() is None else {}),
}
