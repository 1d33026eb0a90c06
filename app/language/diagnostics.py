"""Mistakes as collected values with positions: a pass reports and goes on, so an author sees all of them at once.

The wording is the author's: what is wrong, then in the hint what would be right.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from app.language.ir import Position


class Severity(StrEnum):
    """An error keeps the rulebook from loading, a warning does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One mistake in one place. `code` is kebab-case and stable; `message` and `hint` are sentences without a stop."""

    severity: Severity
    code: str
    at: Position
    message: str
    hint: str = ""

    def __str__(self) -> str:
        where = f"{self.at.file}:{self.at.line}:{self.at.column}"
        return f"{where}: {self.severity}: {self.message}. {self.hint}{' ' if self.hint else ''}[{self.code}]"


@dataclass(slots=True)
class Report:
    """Where the passes put what they find; the same mistake in the same place is kept once."""

    _found: dict[Diagnostic, None] = field(default_factory=dict)

    def error(self, at: Position, code: str, message: str, hint: str = "") -> None:
        self._found[Diagnostic(Severity.ERROR, code, at, message, hint)] = None

    def warning(self, at: Position, code: str, message: str, hint: str = "") -> None:
        self._found[Diagnostic(Severity.WARNING, code, at, message, hint)] = None

    def add(self, diagnostics: tuple[Diagnostic, ...]) -> None:
        """Take over what another pass found."""
        self._found |= dict.fromkeys(diagnostics)

    @property
    def failed(self) -> bool:
        """Whether there is at least one error."""
        return any(diagnostic.severity is Severity.ERROR for diagnostic in self._found)

    def sorted(self) -> tuple[Diagnostic, ...]:
        """All of them by place."""
        return tuple(sorted(self._found, key=lambda d: (d.at.file, d.at.line, d.at.column, d.code, d.message)))
