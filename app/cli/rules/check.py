"""`gerege rules check`: every mistake in the rules, each with its place."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import typer

from app.cli.rules.reading import DirArgument, compiled, show, sources_in
from app.cli.terminal import ExitCode, Format, FormatOption, counted, out, write_json
from app.evaluation.reload import InForce
from app.language.diagnostics import Diagnostic, Severity


def check(folder: DirArgument = None, form: FormatOption = Format.TEXT) -> None:
    """Compile the rules and show every mistake with its line; the exit code is 1 if any is an error."""
    folder, sources = sources_in(folder)
    found, diagnostics = compiled(sources)
    if form is Format.JSON:
        write_json(_plain(found, diagnostics))
    else:
        show(diagnostics, folder, sources, out)
        out.print(_summary(found, diagnostics), style="green" if found else "red", soft_wrap=True)
    if found is None:
        raise typer.Exit(ExitCode.FAULTS)


def _summary(found: InForce | None, diagnostics: Sequence[Diagnostic]) -> str:
    severities = Counter(each.severity for each in diagnostics)
    counts = ", ".join(counted(severities[each], each.value) for each in Severity)
    if found is None:
        return f"✗ {counts}."
    rules, provisions = len(found.rulebook.rules), len(found.rulebook.provisions)
    return f"✓ {counts}: {counted(rules, 'rule')} on {counted(provisions, 'provision')}, {found.rulebook.digest}"


def _plain(found: InForce | None, diagnostics: Sequence[Diagnostic]) -> dict[str, Any]:
    severities = Counter(each.severity for each in diagnostics)
    return {
        "digest": found.rulebook.digest if found else None,
        "rules": len(found.rulebook.rules) if found else None,
        "errors": severities[Severity.ERROR],
        "warnings": severities[Severity.WARNING],
        "diagnostics": [
            {
                "severity": each.severity.value,
                "code": each.code,
                "file": each.at.file,
                "line": each.at.line,
                "column": each.at.column,
                "message": each.message,
                "hint": each.hint or None,
            }
            for each in diagnostics
        ],
    }
