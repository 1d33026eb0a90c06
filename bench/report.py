"""What a part of the bench found, and how it is told: on the terminal, and as Markdown."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from bench.chart import Panel

BEGIN, END = "<!-- written by make bench -->", "<!-- until here -->"


@dataclass(frozen=True, slots=True)
class Check:
    """A ratio, and what was wanted of it."""

    what: str
    value: float
    wanted: float
    is_most: bool = False

    @property
    def is_met(self) -> bool:
        """Whether it is as was wanted."""
        return self.value <= self.wanted if self.is_most else self.value >= self.wanted

    @property
    def bound(self) -> str:
        """What was wanted, in words."""
        return f"at {'most' if self.is_most else 'least'} {self.wanted:g}"


@dataclass(frozen=True, slots=True)
class Part:
    """One table with its ratios, and what of it can be drawn."""

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    checks: Sequence[Check] = ()
    panel: Panel | None = None


def show(part: Part, console: Console) -> None:
    """Print the table, and each ratio with what was wanted."""
    table = Table(*part.header, title=part.title)
    for row in part.rows:
        table.add_row(*row)
    console.print(table)
    for check in part.checks:
        style = "green" if check.is_met else "bold red"
        console.print(f"{check.what}: {check.value:.2f} (wanted: {check.bound})", style=style)


def tabulated(part: Part) -> str:
    """Give the table alone; the first line says what it shows."""
    return _table((part.title, *part.header[1:]), part.rows)


def judged(parts: Iterable[Part]) -> str:
    """Every ratio of the parts with what was wanted; what was missed is in bold."""
    checks = [check for part in parts for check in part.checks]
    figures = (f"{each.value:.2f}" if each.is_met else f"**{each.value:.2f}**" for each in checks)
    rows = [(each.what, figure, each.bound) for each, figure in zip(checks, figures, strict=True)]
    return _table(("ratio, in bold if missed", "measured", "wanted"), rows)


def quoted(page: str, block: str) -> str:
    """Put the block into the page, in the place of what an earlier run wrote there."""
    before, begun, rest = page.partition(BEGIN)
    _, ended, after = rest.partition(END)
    if not begun or not ended:
        raise ValueError(f"the page has no place for the figures: {BEGIN} … {END}")
    return f"{before}{BEGIN}\n\n{block.strip()}\n\n{END}{after}"


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = (header, ("---",) * len(header), *rows)
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
