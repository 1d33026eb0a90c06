"""The one error of machine readable zones."""


class MrzError(ValueError):
    """Lines that have no shape of Doc 9303, or fields that cannot be written as one.

    `what` is wrong; `right` says what would be right; `line_index` counts lines from 0 (as the event does),
    `column` counts positions from 1 (as Doc 9303 does). Both are None where no single place is at fault.
    """

    def __init__(self, what: str, right: str, line_index: int | None = None, column: int | None = None) -> None:
        """Keep the parts, so that a caller may word or place them itself."""
        self.what = what
        self.right = right
        self.line_index = line_index
        self.column = column
        place = "" if line_index is None or column is None else f"line {line_index + 1}, column {column}: "
        super().__init__(f"{place}{what}; {right}")
