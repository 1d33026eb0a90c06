"""`gerege rules test`: the authors' cases, and which verdicts they show (law 8: no silent rule)."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any

import typer
from rich.progress import track
from rich.table import Table
from rich.text import Text

from app.cli.rules.reading import DirArgument, compiled, show, sources_in
from app.cli.terminal import ExitCode, Format, FormatOption, WrongUseError, counted, err, out, working, write_json
from app.evaluation.cases import Failure, run
from app.language.ir import Rulebook
from app.language.load import Loaded, load
from app.language.suggest import did_you_mean
from app.vocabulary.codes import Verdict


def run_cases(
    folder: DirArgument = None,
    rule: Annotated[str | None, typer.Option(metavar="ID", help="Only the cases of this rule.")] = None,
    form: FormatOption = Format.TEXT,
) -> None:
    """Run the cases beside the rules through the whole engine."""
    folder, sources = sources_in(folder)
    found, diagnostics = compiled(sources)
    if found is None:
        show(diagnostics, folder, sources)
        raise typer.Exit(ExitCode.FAULTS)
    with working("Reading the cases…"):
        loaded = load(sources)
    chosen = _chosen(found.rulebook, rule)
    failures = _run(loaded, chosen)
    rows = [_row(found.rulebook, loaded, each, failures) for each in chosen]
    if form is Format.JSON:
        write_json({"rules": rows, "failures": [_plain(each) for each in failures]})
    else:
        for failure in failures:
            err.print(f"{folder / str(failure)}", style="red", soft_wrap=True)
        _print(rows, failures)
    if failures:
        raise typer.Exit(ExitCode.FAULTS)


def _chosen(rulebook: Rulebook, rule: str | None) -> list[str]:
    if rule is None:
        return list(rulebook.rules)
    if rule not in rulebook.rules:
        raise WrongUseError(f"There is no rule {rule}. {did_you_mean(rule, rulebook.rules)}")
    return [rule]


def _run(loaded: Loaded, chosen: Sequence[str]) -> list[Failure]:
    cases = {rule: loaded.cases.get(rule, ()) for rule in chosen}
    # What is found after the cases (law 8) takes no time.
    total = sum(map(len, cases.values()))
    outcomes = track(run(replace(loaded, cases=cases)), "Running the cases", total, console=err, transient=True)
    return [failure for failure in outcomes if failure and failure.rule in cases]


def _row(rulebook: Rulebook, loaded: Loaded, rule: str, failures: Sequence[Failure]) -> dict[str, Any]:
    cases = loaded.cases.get(rule, ())
    counts = Counter(case.expect for case in cases)
    places = {failure.at for failure in failures}
    return {
        "rule": rule,
        "status": rulebook.rules[rule].status.value,
        "cases": len(cases),
        "failed": sum(case.at in places for case in cases),
        "expected": {verdict.value: counts[verdict] for verdict in Verdict},
    }


def _print(rows: Sequence[dict[str, Any]], failures: Sequence[Failure]) -> None:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("rule", "status"):
        table.add_column(name, no_wrap=True)
    for name in ("cases", "failed", "violated", "compliant", "not appl.", "undeterm."):
        table.add_column(name, justify="right", no_wrap=True)
    for row in rows:
        shown = [row["expected"][verdict] for verdict in _COLUMNS]
        cells = [Text(str(count), "" if count else "yellow") for count in shown]
        failed = Text(str(row["failed"]), "bold red" if row["failed"] else "green")
        table.add_row(row["rule"], row["status"], str(row["cases"]), failed, *cells)
    out.print(table)
    total = sum(row["cases"] for row in rows)
    text = f"{counted(total, 'case')} of {counted(len(rows), 'rule')}, {counted(len(failures), 'failure')}."
    out.print(text, style="bold red" if failures else "bold green")


_COLUMNS = (Verdict.VIOLATED, Verdict.COMPLIANT, Verdict.NOT_APPLICABLE, Verdict.UNDETERMINED)


def _plain(failure: Failure) -> dict[str, str | int]:
    return {
        "rule": failure.rule,
        "file": failure.at.file,
        "line": failure.at.line,
        "column": failure.at.column,
        "message": failure.message,
    }
