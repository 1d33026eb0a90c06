"""Events a second of every way to find the rules that matter, on one workload, with identical answers asserted."""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from app.backends import reference
from app.backends.index import Index, positions
from app.backends.rete import Rete
from app.language.resolve import Resolved
from app.vocabulary.codes import Verdict
from app.vocabulary.values import Facts
from bench.host_peer import HostPeer
from bench.workload import Workload, workload
from bench.zen_peer import Zen

SIZES = (50, 200, 1000)
_EVENTS, _ROUNDS, _SECONDS = 2000, 7, 0.4
Nominate = Callable[[Facts], frozenset[int]]
_OPEN = {Verdict.VIOLATED, Verdict.UNDETERMINED}


@dataclass(frozen=True, slots=True)
class Engines:
    """One of each, loaded with the same rules."""

    by_name: Mapping[str, Nominate]
    close: Callable[[], None]


def run() -> dict[int, dict[str, float]]:
    """Median events a second by number of rules and engine; rounds are interleaved."""
    return {size: _measure(workload(size, _EVENTS)) for size in SIZES}


def load(rules: Sequence[Resolved]) -> Engines:
    """Load every engine with the rules."""
    index, rete, zen, host = Index(rules), Rete(rules), Zen(rules), HostPeer(rules)

    def by_reference(facts: Facts) -> frozenset[int]:
        return frozenset(n for n, rule in enumerate(rules) if reference.verdict(rule, facts) in _OPEN)

    def by_index(facts: Facts) -> frozenset[int]:
        masks = index.judge(facts)
        return frozenset(positions(masks.violated | masks.undetermined))

    def close() -> None:
        rete.close()

    return Engines(
        {
            "reference": by_reference,
            "index": by_index,
            "rete": rete.nominate,
            "durable-rules Host": host.nominate,
            "zen-engine": zen.nominate,
        },
        close,
    )


def _measure(load_of: Workload) -> dict[str, float]:
    engines = load(load_of.rules)
    _assert_identical(engines, load_of.events[:300])
    rates: dict[str, list[float]] = {name: [] for name in engines.by_name}
    for _ in range(_ROUNDS):
        for name, nominate in engines.by_name.items():
            rates[name].append(_rate(nominate, load_of.events))
    engines.close()
    return {name: statistics.median(measured) for name, measured in rates.items()}


def _assert_identical(engines: Engines, events: Sequence[Facts]) -> None:
    for facts in events:
        answers = {name: nominate(facts) for name, nominate in engines.by_name.items()}
        if len(set(answers.values())) != 1:
            raise AssertionError(f"engines differ on {facts}: {answers}")


def _rate(nominate: Nominate, events: Sequence[Facts]) -> float:
    done, began = 0, time.perf_counter()
    while True:
        for facts in events[:50] if done == 0 else events:
            nominate(facts)
            done += 1
            if done % 10 == 0 and time.perf_counter() - began > _SECONDS:
                return done / (time.perf_counter() - began)
