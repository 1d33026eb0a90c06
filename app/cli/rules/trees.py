"""An explained verdict for a terminal: the conditions as a tree with what was found, and the law in words."""

from collections.abc import Iterator, Mapping
from typing import Any, assert_never

from rich.console import RenderableType
from rich.text import Text
from rich.tree import Tree

from app.backends.reference import Explained
from app.evaluation.decision import Finding
from app.language.ir import All, AnyOf, FieldOperand, Leaf, Literal, Named, Not, Provision, Quantified, Rulebook
from app.language.operators import MISSING
from app.language.printer import leaf_text
from app.language.truth import Truth
from app.vocabulary.codes import Verdict

_MARKS: Mapping[Truth, tuple[str, str]] = {
    Truth.TRUE: ("✓", "green"),
    Truth.FALSE: ("✗", "red"),
    Truth.UNKNOWN: ("?", "yellow"),
}
_COLOURS: Mapping[Verdict, str] = {
    Verdict.VIOLATED: "bold red",
    Verdict.UNDETERMINED: "bold yellow",
    Verdict.COMPLIANT: "bold green",
    Verdict.NOT_APPLICABLE: "bold",
}


def explained(found: Finding, rulebook: Rulebook) -> Iterator[RenderableType]:
    """Title, verdict in a sentence, both trees, the law."""
    version = found.resolved.version
    yield Text.assemble((found.rule.id, "bold"), f"  {found.rule.title['en']}")
    yield Text(sentence(found), _COLOURS[found.verdict])
    yield _tree("applies when", found.judged.applies)
    yield _tree("requires that", found.judged.holds)
    for name in version.basis:
        yield _provision("basis", rulebook.provisions[name])
    if version.sanction and version.sanction not in version.basis:
        yield _provision("sanction", rulebook.provisions[version.sanction])


def sentence(found: Finding) -> str:
    """The verdict and its ground, for a person."""
    subject = found.subject
    who = f"{subject.kind.replace('_', ' ')} {subject.index}{f' ({subject.role})' if subject.role else ''}"
    match found.verdict:
        case Verdict.VIOLATED:
            return f"Violated by {who}: the rule applies, and what it requires does not hold."
        case Verdict.COMPLIANT:
            return f"Complied with by {who}: the rule applies, and what it requires holds."
        case Verdict.NOT_APPLICABLE:
            return f"Does not apply to {who}."
        case Verdict.UNDETERMINED:
            return f"Undetermined for {who}: the event does not say {', '.join(found.judged.missing)}."
        case _:
            assert_never(found.verdict)


def _provision(what: str, found: Provision) -> Text:
    return Text.assemble(
        (f"{what}: ", "dim"),
        (f"{found.act}, article {found.article}", "bold"),
        f" [{found.id}]\n  {found.summary.get('en', '')}\n",
        (f"  {found.source} ({found.verification})", "dim"),
    )


def _tree(title: str, root: Explained) -> Tree:
    # A condition is most often a conjunction: its parts hang on the title itself.
    flat = isinstance(root.node, All)
    tree = Tree(_marked(root.truth, title, "bold"), guide_style="dim")
    for part in root.parts if flat else (root,):
        _grow(tree, part)
    return tree


def _grow(tree: Tree, each: Explained) -> None:
    branch = tree.add(_marked(each.truth, _label(each)))
    for part in each.parts:
        _grow(branch, part)


def _marked(truth: Truth, text: str, style: str = "") -> Text:
    mark, colour = _MARKS[truth]
    return Text.assemble((f"{mark} ", colour), (text, style))


def _label(each: Explained) -> str:
    match each.node:
        case Leaf() as leaf:
            return f"{leaf_text(leaf)}{_found(leaf, each)}"
        case All():
            return "all of" if each.parts else "always"
        case AnyOf():
            return "any of"
        case Not():
            return "not"
        case Named(name):
            return f"{name.replace('_', ' ')}"
        case Quantified(field, quantifier):
            return f"{quantifier} of {field.path}: {'not said' if each.value is MISSING else each.value}"
        case _:
            assert_never(each.node)


def _found(leaf: Leaf, each: Explained) -> str:
    """What stood in the event, and what it was compared with where the text of the question does not say so."""
    known = [f"is {_value(each.value)}"]
    for operand, value in zip(leaf.operands, each.operands, strict=True):
        if isinstance(operand, FieldOperand) or (isinstance(operand, Literal) and operand.name):
            known.append(f"asked against {_value(value)}")
    return f"  — {', '.join(known)}"


_SHOWN = 6


def _value(value: Any) -> str:  # noqa: ANN401 (any fact, or MISSING)
    if value is MISSING:
        return "not said"
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (frozenset, tuple)):
        texts = sorted(map(str, value))
        more = f" … ({len(texts)})" if len(texts) > _SHOWN else ""
        return f"{', '.join(texts[:_SHOWN])}{more}" or "empty"
    return str(value)
