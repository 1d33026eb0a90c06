"""`gerege rules explain`: why a rule comes to its verdict on an event."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, assert_never

import typer
from pydantic import ValidationError
from rich.text import Text

from app.cli.rules.reading import compiled, show, sources_in
from app.cli.settings import RulesOption
from app.cli.terminal import ExitCode, Format, FormatOption, WrongUseError, fault, out, write_json
from app.cli.trees import Json, article, sanction, tree
from app.errors import Invalid
from app.evaluation import answer
from app.evaluation.cases import TESTED
from app.evaluation.decision import Decision, Finding, Judgement
from app.evaluation.engine import Engine
from app.evaluation.explaining import explanation, law
from app.evaluation.reload import InForce
from app.language.ir import Rule
from app.language.suggest import did_you_mean
from app.vocabulary.codes import SubjectKind, Verdict
from app.vocabulary.wire import Crossing


def explain(
    rule: Annotated[str, typer.Argument(help="Id of the rule.")],
    event: Annotated[str, typer.Argument(metavar="EVENT.json", help="A crossing event; - reads standard input.")],
    subject: Annotated[
        str | None, typer.Option(metavar="KIND:INDEX", help="Such as individual:0; otherwise the first that fits.")
    ] = None,
    rules: RulesOption = None,
    form: FormatOption = Format.TEXT,
) -> None:
    """Show why a rule comes to its verdict on an event: each condition with its value, and the law."""
    folder, sources = sources_in(rules)
    in_force, diagnostics = compiled(sources)
    if in_force is None:
        show(diagnostics, folder, sources)
        raise typer.Exit(ExitCode.FAULTS)
    asked = in_force.rulebook.rules.get(rule)
    if asked is None:
        raise WrongUseError(f"There is no rule {rule}. {did_you_mean(rule, in_force.rulebook.rules)}")
    kind, index = _subject(subject, asked)
    decision = _judge(in_force, _read(event))
    found = _find(decision, asked, kind, index)
    plain = _plain(found, decision, in_force)
    if form is Format.JSON:
        write_json(plain)
    else:
        _print(found, plain)


def _subject(text: str | None, rule: Rule) -> tuple[SubjectKind, int]:
    kind, _, index = (text or f"{rule.applies_to}:0").partition(":")
    if kind not in set(SubjectKind) or not index.isdecimal():
        raise WrongUseError(f"--subject {text} is not of the form individual:0 or legal_entity:0.")
    if kind != rule.applies_to:
        raise WrongUseError(f"{rule.id} is a rule on the kind {rule.applies_to}, and {text} is of another.")
    return SubjectKind(kind), int(index)


def _read(name: str) -> Crossing:
    """The event; ends the command with the faults of one that is not valid."""
    body = sys.stdin.buffer.read() if name == "-" else _bytes(Path(name))
    try:
        return Crossing.model_validate_json(body)
    except ValidationError as error:
        for each in error.errors(include_url=False, include_input=False):
            fault(f"{name}: {_pointer(each['loc'])}: {each['msg']}")
        raise typer.Exit(ExitCode.FAULTS) from error


def _pointer(location: Sequence[str | int]) -> str:
    """A JSON pointer (RFC 6901). Names of members are the sender's: what could steer a terminal is written out."""
    text = "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in location)
    return text if text.isprintable() else ascii(text)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise WrongUseError(f"{path} cannot be read: {error.strerror}.") from error


def _judge(in_force: InForce, event: Crossing) -> Decision:
    engine = Engine(in_force.rulebook, in_force.reference, statuses=TESTED)
    try:
        return engine.evaluate(event, every=True)
    except Invalid as error:
        fault(str(error))
        raise typer.Exit(ExitCode.FAULTS) from error
    finally:
        engine.close()


def _find(decision: Decision, rule: Rule, kind: SubjectKind, index: int) -> Finding:
    """The verdict asked for; raises WrongUseError, which says why, if the rule was not asked of the subject."""
    judgement = next((j for j in decision.judgements if (j.subject.kind, j.subject.index) == (kind, index)), None)
    if judgement is None:
        raise WrongUseError(f"The event has no {kind} {index}. It has: {_subjects(decision.judgements)}.")
    found = next((each for each in judgement.findings if each.rule.id == rule.id), None)
    if found is None:
        checkpoint = decision.checkpoint
        raise WrongUseError(
            f"{rule.id} is not asked here: it is {rule.status}, law of {rule.jurisdiction} "
            f"{_period(rule)}; the crossing was at {checkpoint.code} ({checkpoint.state}) on {decision.day}."
        )
    return found


def _subjects(judgements: tuple[Judgement, ...]) -> str:
    return ", ".join(f"{each.subject.kind}:{each.subject.index}" for each in judgements)


def _period(rule: Rule) -> str:
    periods = [version.in_force for version in rule.versions]
    return " and ".join(f"from {each.first or 'ever'} until {each.last or 'further notice'}" for each in periods)


def _plain(found: Finding, decision: Decision, in_force: InForce) -> Json:
    shown = explanation(found, in_force.rulebook, decision.day)
    return {
        **answer.finding(found, in_force.rulebook, None, shown),
        "law": law(found.resolved.version, in_force.rulebook),
        "rulebook": decision.rulebook,
    }


_COLOURS = {
    Verdict.VIOLATED: "bold red",
    Verdict.UNDETERMINED: "bold yellow",
    Verdict.COMPLIANT: "bold green",
    Verdict.NOT_APPLICABLE: "bold",
}


def _print(found: Finding, plain: Json) -> None:
    out.print(Text.assemble((found.rule.id, "bold"), f"  {plain['title']}"))
    out.print(Text(_sentence(found), _COLOURS[found.verdict]))
    out.print(tree("the rule applies when", plain["explanation"]["applies"]))
    out.print(tree("and requires that", plain["explanation"]["holds"]))
    for cited in plain["law"]["basis"]:
        out.print(article(cited))
    if plain["law"]["sanction"]:
        out.print(sanction(plain["law"]["sanction"]))


def _sentence(found: Finding) -> str:
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
