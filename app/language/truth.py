"""Three-valued truth, a type of its own so that no Python truthiness can creep in.

and | F U T     or | F U T     not
F   | F F F     F  | F U T     F -> T
U   | F U U     U  | U U T     U -> U
T   | F U T     T  | T T T     T -> F
"""

from collections.abc import Iterable
from enum import IntEnum


class Truth(IntEnum):
    """Kleene's strong three values; `and` is the least of them, `or` the greatest."""

    FALSE = 0
    UNKNOWN = 1
    TRUE = 2

    def __bool__(self) -> bool:
        """Refuse: a truth must be compared by name."""
        msg = "a Truth has three values; compare it with `is`"
        raise TypeError(msg)

    @classmethod
    def of(cls, value: object) -> "Truth":
        """TRUE or FALSE for a known Python boolean."""
        return cls.TRUE if value else cls.FALSE

    def negated(self) -> "Truth":
        """Kleene's not."""
        return _NEGATED[self]


_NEGATED = (Truth.TRUE, Truth.UNKNOWN, Truth.FALSE)


def all_of(parts: Iterable[Truth]) -> Truth:
    """Kleene's and; of nothing it is TRUE."""
    least = Truth.TRUE
    for part in parts:
        if part is Truth.FALSE:
            return part
        if part is Truth.UNKNOWN:
            least = part
    return least


def any_of(parts: Iterable[Truth]) -> Truth:
    """Kleene's or; of nothing it is FALSE."""
    greatest = Truth.FALSE
    for part in parts:
        if part is Truth.TRUE:
            return part
        if part is Truth.UNKNOWN:
            greatest = part
    return greatest
