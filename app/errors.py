"""What can go wrong, by category; the web alone turns these into status codes, the CLI into exit codes."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault in an input: a JSON pointer (or variable name), what is wrong, and what would be right."""

    pointer: str
    message: str
    hint: str | None = None

    def __str__(self) -> str:
        return f"{self.pointer}: {self.message}" + (f" ({self.hint})" if self.hint else "")


class GeregeError(Exception):
    """An outcome the caller can be told about; `detail` is a sentence for that person."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class Invalid(GeregeError):
    """The input is not acceptable as it stands; `problems` names every fault found, not only the first."""

    def __init__(self, detail: str, problems: Iterable[Problem] = ()) -> None:
        super().__init__(detail)
        self.problems = tuple(problems)

    def __str__(self) -> str:
        return "\n  ".join([self.detail, *map(str, self.problems)])


class Unauthenticated(GeregeError):
    """It is not known who asks."""


class Forbidden(GeregeError):
    """It is known who asks, and that one may not."""


class NotFound(GeregeError):
    """There is no such thing, or none that this caller may know of."""


class Conflict(GeregeError):
    """The input contradicts what is already recorded."""


class Unavailable(GeregeError):
    """The input may be right, but the service cannot answer now; the same request may succeed later."""


class Busy(Unavailable):
    """More waits than can be taken."""
