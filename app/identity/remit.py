"""For which checkpoints somebody works: every query for people is bounded by it."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, or_, true


@dataclass(frozen=True, slots=True)
class Remit:
    """States (of checkpoints) and checkpoints, each an exact code or, with a final `*`, a prefix; empty: all there are.

    Where both are given, both must fit.
    """

    jurisdictions: tuple[str, ...] = ()
    checkpoints: tuple[str, ...] = ()

    def condition(self, jurisdiction: ColumnElement[str], checkpoint: ColumnElement[str]) -> ColumnElement[bool]:
        """That a row lies within it."""
        found: ColumnElement[bool] = true()
        if self.jurisdictions:
            found &= jurisdiction.in_(self.jurisdictions)
        if self.checkpoints:
            found &= or_(*(_fits(checkpoint, pattern) for pattern in self.checkpoints))
        return found

    def covers(self, jurisdiction: str, checkpoint: str) -> bool:
        """As `condition`, of one crossing."""
        if self.jurisdictions and jurisdiction not in self.jurisdictions:
            return False
        return not self.checkpoints or any(
            checkpoint.startswith(each[:-1]) if each.endswith("*") else checkpoint == each for each in self.checkpoints
        )


EVERYWHERE = Remit()


def _fits(column: ColumnElement[str], pattern: str) -> ColumnElement[bool]:
    return column.startswith(pattern[:-1], autoescape=True) if pattern.endswith("*") else column == pattern
