"""What is printed at the end: what was found, two violations in full, and what to try next."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rich.bar import Bar
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from app.cli.demo.explained import explained
from app.cli.demo.people import Json
from app.cli.demo.service import LOGINS, Service

_COLOURS = {"compliant": "green", "violation": "red", "undetermined": "yellow"}
_LINES = 10
_EVENT = (
    '{"id":"TRY-1","source":"demo-try","occurred_at":"2026-03-01T09:15:00+09:00","checkpoint":"RUS-ZABAYKALSK",'
    '"direction":"entry","mode":"road","persons":[{"role":"passenger","nationality":"CHN","document":null,'
    '"visa":null,"permits":[]}],"observations":[]}'
)


@dataclass(frozen=True, slots=True)
class Found:
    """What was sent, what was answered, and the violations that were made of it."""

    events: Sequence[Json]
    answers: Sequence[Json]
    violations: Sequence[Json]


def show(console: Console, found: Found, details: Iterable[Json]) -> None:
    """Print the figures, then each of the violations in full."""
    days = sorted(event["occurred_at"][:10] for event in found.events)
    places = len({event["checkpoint"] for event in found.events})
    between = f", {days[0]} to {days[-1]}" if days else ""
    _section(console, f"{len(days)} crossings at {places} checkpoints{between}", _outcomes(found))
    _section(console, f"{len(found.violations)} violations, most frequent first", _rules(found.violations))
    _section(console, "By law", _jurisdictions(found.violations))
    _section(console, "Checkpoints with the most violations", _checkpoints(found))
    for detail in details:
        who = "A person" if detail["subject"]["kind"] == "individual" else "A company"
        _section(console, f"{who}: one violation in full", Group(*explained(detail)))


def _section(console: Console, title: str, body: RenderableType) -> None:
    console.print()
    console.print(Text(title, "bold cyan"))
    console.print(body)


def _outcomes(found: Found) -> Table:
    counted = Counter(answer["outcome"] for answer in found.answers)
    total = len(found.answers) or 1
    table = Table.grid(padding=(0, 2))
    for outcome, colour in _COLOURS.items():
        share = counted[outcome] / total
        bar = Bar(1, 0, share, width=30, color=colour)
        table.add_row(Text(outcome, colour), Text(f"{counted[outcome]:>4}"), Text(f"{share:>4.0%}"), bar)
    return table


def _rules(violations: Sequence[Json]) -> Table:
    titles = {each["rule"]: (each["title"]["en"], each["severity"]) for each in violations}
    table = _table("rule", "what was not complied with", "severity")
    for rule, number in _most(each["rule"] for each in violations):
        title, severity = titles[rule]
        table.add_row(str(number), rule, title, severity)
    return table


def _jurisdictions(violations: Sequence[Json]) -> Table:
    table = _table("law of", "by persons", "by companies")
    kinds = Counter((each["jurisdiction"], each["subject"]["kind"]) for each in violations)
    for law, number in _most(each["jurisdiction"] for each in violations):
        table.add_row(str(number), law, str(kinds[law, "individual"]), str(kinds[law, "legal_entity"]))
    return table


def _checkpoints(found: Found) -> Table:
    crossings = Counter(event["checkpoint"] for event in found.events)
    table = _table("checkpoint", "in crossings", "rules")
    for checkpoint, number in _most(each["checkpoint"] for each in found.violations):
        rules = Counter(each["rule"] for each in found.violations if each["checkpoint"] == checkpoint)
        named = " ".join(sorted(rules, key=lambda rule: (-rules[rule], rule))[:3])
        table.add_row(str(number), checkpoint, str(crossings[checkpoint]), named)
    return table


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("", justify="right")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _most(names: Iterable[str]) -> list[tuple[str, int]]:
    """Most frequent first, equals by name."""
    return sorted(Counter(names).items(), key=lambda each: (-each[1], each[0]))[:_LINES]


def show_next(console: Console, service: Service, violation: Json | None, *, serving: bool) -> None:
    """Print addresses, keys and commands that work while the service runs."""
    console.print()
    console.print(Text("Try it" if serving else "Try it, while the demonstration runs without --exit", "bold cyan"))
    for line in _next(service, violation):
        # Folded lines could not be copied.
        console.print(Text(line), soft_wrap=True)


def _next(service: Service, violation: Json | None) -> Iterator[str]:
    yield f"console          {service.url}/console/"
    yield f"sign in as       {', '.join(LOGINS)}; the password is {service.password}"
    yield f"API described    {service.url}/openapi.json (send a key)"
    yield f"officer's key    {service.officer_key}"
    yield f"checkpoint's key {service.checkpoint_key}"
    officer = f"curl -s -H 'Authorization: Bearer {service.officer_key}'"
    yield ""
    yield "# the gravest violations, then one with its explanation, then a crossing of your own"
    yield f"{officer} '{service.url}/v1/violations?sort=-severity&limit=5'"
    if violation:
        yield f"{officer} {service.url}/v1/violations/{violation['violation']}"
    yield (
        f"curl -s -H 'Authorization: Bearer {service.checkpoint_key}' -H 'Content-Type: application/json' "
        f"-d '{_EVENT}' {service.url}/v1/crossings"
    )
