"""Who leaves mostly came before: so that stays of the demonstration have an entry and an exit."""

from collections import defaultdict
from random import Random
from typing import Final

from app.cli.demo.people import Json

_WHO: Final = ("surname", "given_names", "birth_date", "sex", "document")
# Of those inside, one of the latest leaves: most stays are short, and a few are too long.
_LATEST: Final = 8


class Inside:
    """Persons who entered and did not leave yet, by state and nationality."""

    def __init__(self) -> None:
        self._there: defaultdict[tuple[str, str], list[Json]] = defaultdict(list)

    def cross(self, rng: Random, event: Json, state: str) -> None:
        """Take note of who enters; whoever leaves becomes one of those who are inside, if there is any."""
        for person in event["persons"]:
            there = self._there[state, person["nationality"]]
            if event["direction"] == "entry":
                there.append({name: person[name] for name in _WHO})
            elif there:
                person.update(there.pop(rng.randrange(max(0, len(there) - _LATEST), len(there))))
