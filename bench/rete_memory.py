"""Memory of a process that uses the `rete` backend for long, and whether it stays right: for soak runs and for tests.

    python -m bench.rete_memory events 50000      python -m bench.rete_memory reloads 1000

Prints one line of JSON: the count, resident memory in kB after the warm-up and at the end, and how many answers
differed from the exact index. A process of its own, for the C engine dies when it fails, and memory is the process's.
"""

import gc
import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from app.backends.index import Index, positions
from app.backends.rete import Rete
from app.vocabulary.values import Facts
from bench.workload import workload

RULES: Final = 200
WARM_UP: Final = 5_000
WARM_UP_RELOADS: Final = 20
_AT_A_TIME: Final = 500


@dataclass(frozen=True, slots=True)
class Run:
    """What a run came to; memory in kB."""

    count: int
    warm: int
    end: int
    wrong: int

    @property
    def growth(self) -> float:
        """Growth of resident memory after the warm-up, as a part of it."""
        return self.end / self.warm - 1


def events(count: int) -> Run:
    """Different events, every third with a third of its fields unknown."""
    rules = workload(RULES, 1).rules
    rete, index = Rete(rules), Index(rules)
    wrong, warm = 0, 0
    for start in range(0, count, _AT_A_TIME):
        for place, facts in enumerate(workload(RULES, _AT_A_TIME, seed=start).events):
            asked = _knowing_less(facts) if place % 3 == 0 else facts
            wrong += rete.nominate(asked) != by_index(index, asked)
        if start <= WARM_UP:
            warm = resident()
    rete.close()
    return Run(count, warm, resident(), wrong)


def reloads(count: int) -> Run:
    """A new rulebook each time, used for a few events, then closed."""
    rules, some = workload(RULES, 4).rules, workload(RULES, 4).events
    right = [by_index(Index(rules), facts) for facts in some]
    wrong, warm = 0, 0
    for number in range(count):
        rete = Rete(rules)
        wrong += sum(rete.nominate(facts) != expected for facts, expected in zip(some, right, strict=True))
        rete.close()
        if number <= WARM_UP_RELOADS:
            warm = resident()
    return Run(count, warm, resident(), wrong)


def by_index(index: Index, facts: Facts) -> frozenset[int]:
    """What the exact index would have nominated."""
    found = index.judge(facts)
    return frozenset(positions(found.violated | found.undetermined))


def resident() -> int:
    """Resident memory of this process in kB (Linux)."""
    gc.collect()
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:"))


def _knowing_less(facts: Facts) -> Facts:
    return {path: value for place, (path, value) in enumerate(facts.items()) if place % 3}


if __name__ == "__main__":
    print(json.dumps(asdict({"events": events, "reloads": reloads}[sys.argv[1]](int(sys.argv[2])))))
