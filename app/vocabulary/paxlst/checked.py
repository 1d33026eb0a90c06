"""Values of a message's segments; a text that gives none is a flaw."""

from collections.abc import Callable
from datetime import date
from typing import TypeVar

from app.vocabulary.paxlst import values
from app.vocabulary.paxlst.manifest import Flaw
from app.vocabulary.paxlst.syntax import Segment, quoted

DAY = "a day there is, YYMMDD or with format 102 CCYYMMDD"
_STATE = "a three-letter code of ISO 3166 or Doc 9303"
_PLACE = "a code of IATA, ICAO or UN/LOCODE"

_T = TypeVar("_T")


class Checked:
    """Reads values and adds to `flaws`; `day` is that of the list, which tells centuries, None if unknown."""

    def __init__(self, flaws: list[Flaw], day: date | None = None) -> None:
        self.flaws = flaws
        self.day = day

    def flaw(self, segment: Segment, message: str, right: str) -> None:
        self.flaws.append(segment.flaw(message, right))

    def value(self, segment: Segment, text: str, what: str, value: _T | None, right: str) -> _T | None:
        """Return what was made of the text."""
        if value is None:
            self.flaw(segment, f"{quoted(text)!r} is no {what}" if text else f"the {what} is missing", right)
        return value

    def state(self, segment: Segment, what: str) -> str | None:
        return self.value(segment, segment.at(2), what, values.state(segment.at(2)), _STATE)

    def place(self, segment: Segment, what: str) -> str | None:
        return self.value(segment, segment.at(2), what, values.place(segment.at(2)), _PLACE)

    def date(
        self, segment: Segment, what: str, read: Callable[[str, str, date | None], date | None], right: str
    ) -> date | None:
        """Read a DTM by one of the functions of `values`."""
        text = segment.at(1, 1)
        return self.value(segment, text, what, read(text, segment.at(1, 2), self.day), right)
