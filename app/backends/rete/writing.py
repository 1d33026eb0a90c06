"""From an event's numbers to the fact a ruleset is given, by look-ups only.

What a ruleset wants to see are bits of one integer: each column's number refuses some of them, and grants some of those
that need one answer of several. Nothing here depends on the number of rules but the width of that integer.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import reduce
from operator import getitem, itemgetter, or_

from app.backends.rete.compiling import Plan, name_of_seen
from app.backends.rete.encoding import UNKNOWN, column_of, unknown
from app.backends.rete.expressions import Seen


class Writer:
    """Writes the members of a ruleset's facts as JSON."""

    def __init__(self, planned: Plan) -> None:
        self._numbered = _picking(map(column_of, planned.numbers))
        self._numbers = tuple(map(_Number, planned.numbers))
        seen = planned.seen
        asked = {answer for each in seen for answer in each.every | each.some}
        columns = sorted({answer.column for answer in asked})
        answers = {column: _Answers(column, seen) for column in columns}
        self._answering = _picking(columns), tuple(answers.values()), 0
        # Where nothing is unknown, a column that is only asked whether it is answers the same whatever its number.
        open_only = set(columns) - {answer.column for answer in asked if answer != unknown(answer.column)}
        rest = [column for column in columns if column not in open_only]
        same = reduce(or_, (answers[column][0] for column in open_only), 0)
        self._answering_if_known = _picking(rest), tuple(answers[column] for column in rest), same
        self._width = len(seen)
        self._everything = (1 << self._width) - 1
        self._need_none_granted = sum(1 << place for place, each in enumerate(seen) if not each.some)
        names = [name_of_seen(place) for place in range(self._width)]
        self._bytes = tuple(_Byte(names[start : start + 8]) for start in range(0, self._width, 8))

    def members(self, codes: Sequence[int]) -> str:
        """The members for an event with these numbers in the columns, each with a comma before it."""
        numbers = "".join(map(getitem, self._numbers, self._numbered(codes)))
        picked, answers, same = self._answering if UNKNOWN in codes else self._answering_if_known
        found = reduce(or_, map(getitem, answers, picked(codes)), same)
        bits = self._everything & ~found & (self._need_none_granted | found >> self._width)
        return numbers + "".join(map(getitem, self._bytes, bits.to_bytes(len(self._bytes), "little")))


def _picking(places: Iterable[int]) -> Callable[[Sequence[int]], Iterable[int]]:
    """Picks these places of a sequence; `itemgetter` is the fastest way, but gives no tuple for fewer than two."""
    match tuple(places):
        case ():
            return lambda _: ()
        case (place,):
            return lambda codes: (codes[place],)
        case several:
            return itemgetter(*several)


class _Number(dict[int, str]):
    """What the fact says of a column's number, worked out when first needed."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name

    def __missing__(self, code: int) -> str:
        self[code] = f',"{self._name}":{code}'
        return self[code]


class _Answers(dict[int, int]):
    """What a column's number refuses (the low half of the bits) and grants (the high half)."""

    def __init__(self, column: int, seen: Sequence[Seen]) -> None:
        super().__init__()
        self._width = len(seen)
        self._asked = [
            (place, answer, answer in one.every, answer in one.some)
            for place, one in enumerate(seen)
            for answer in one.every | one.some
            if answer.column == column
        ]

    def __missing__(self, code: int) -> int:
        bits = 0
        for place, answer, refuses, grants in self._asked:
            accepted = answer.accepts(code)
            bits |= (refuses and not accepted) << place | (grants and accepted) << (self._width + place)
        self[code] = bits
        return bits


class _Byte(dict[int, str]):
    """What the fact says for eight of the bits."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__()
        self._names = names

    def __missing__(self, byte: int) -> str:
        self[byte] = "".join(f',"{name}":1' for place, name in enumerate(self._names) if byte >> place & 1)
        return self[byte]
