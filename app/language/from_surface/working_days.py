"""Rules that count working days where none are known: undetermined of everybody, and nobody would see why."""

from collections.abc import Iterable, Mapping

from app.language.diagnostics import Report
from app.language.ir import Count, FieldOperand, Leaf, Measure, Rule, Status
from app.language.resolve import leaves
from app.vocabulary.countries import ISO3, SCHENGEN


def check_calendars(
    rules: Iterable[Rule],
    measures: Mapping[str, Measure],
    calendars: set[str],
    schengen: Iterable[str],
    report: Report,
) -> None:
    """Warn of each place that asks for them; `calendars` are the states that have one, right or wrong.

    `schengen` are those that rules of EUE are for.
    """
    counts = {path for path, measure in measures.items() if measure.count is Count.WORKING_DAYS}
    for rule in rules:
        of_one = rule.jurisdiction in ISO3
        # A rule for several states is determined where one of them has a calendar.
        states = {rule.jurisdiction} if of_one else schengen if rule.jurisdiction == SCHENGEN else ISO3
        if not calendars.isdisjoint(states) or rule.status is Status.RETIRED:
            continue
        hint = f"Add calendars/{rule.jurisdiction if of_one else '<STATE>'}.yaml, or ask for days of every kind"
        for leaf in leaves(*(side for version in rule.versions for side in (version.applies, version.holds))):
            for path in sorted(counts & _asked(leaf)):
                message = f"{rule.id} asks for {path}, never known in {rule.jurisdiction}: there is no calendar"
                report.warning(leaf.at, "no-calendar", message, hint)


def _asked(leaf: Leaf) -> set[str]:
    operands = (each.field.path for each in leaf.operands if isinstance(each, FieldOperand))
    return {leaf.field.path, *operands}
