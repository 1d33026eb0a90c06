"""The parts of the bench by name: each measures, and says what it found and what was wanted."""

from collections.abc import Callable, Mapping

from bench import compiling, engines, history, http
from bench.chart import Panel
from bench.driver import LINES, Figures
from bench.http import BARE, EVALUATE, GEREGE, INSERT, POSTGRES, SQLITE, STORING
from bench.report import Check, Part
from bench.rulebook import shipped

_MOST = max(http.CONNECTIONS)
# Of Gerege over (a) and over (b).
_WANTED = {SQLITE: (0.45, 1.4), POSTGRES: (0.4, 1.0)}


def _engines(seconds: float) -> Part:
    del seconds  # rounds of their own
    rates = engines.run()
    few, middle, many = (rates[size] for size in engines.SIZES)
    host = "durable-rules Host"
    return Part(
        "events a second (µs an event), identical answers",
        ("engine", *(f"{size:,} rules" for size in rates)),
        [
            (name, *(f"{by[name]:,.0f} ({1e6 / by[name]:,.1f})" for by in rates.values()))
            for name in rates[engines.SIZES[0]]
        ],
        [
            Check("index at 1,000 rules over index at 50", many["index"] / few["index"], 0.6),
            Check("index over rete at 1,000", many["index"] / many["rete"], 8),
            Check("index over zen-engine at 1,000", many["index"] / many["zen-engine"], 8),
            Check("rete over Host at 50", few["rete"] / few[host], 4),
            Check("rete over Host at 200", middle["rete"] / middle[host], 4),
        ],
    )


def _compiling(seconds: float) -> Part:
    del seconds
    took = compiling.run()
    return Part(
        f"{compiling.RULES:,} rule files",
        ("step", "seconds"),
        [(name, f"{of_step:.3f}") for name, of_step in took.items()],
        [Check("parsing YAML over compiling", took["parse YAML"] / took["compile to IR"], 1)],
    )


def _history(seconds: float) -> Part:
    del seconds
    measured = {name: history.evaluating(earlier) for name, earlier in history.CASES.items()}
    correcting = history.correcting()
    what = (
        f"correcting the first of {history.MANY:,} crossings ({correcting['correction']:.2f} s) over sending them "
        f"anew ({correcting['anew']:.2f} s)"
    )
    return Part(
        "one crossing, stored, SQLite, without HTTP, by earlier crossings of the same person",
        ("earlier crossings", *(f"after {size:,}, ms" for size in history.SIZES)),
        [(name, *(f"{took:.2f}" for took in by_size.values())) for name, by_size in measured.items()],
        [
            *(
                Check(
                    f"after {history.MANY:,} over after {history.FEW}, {name}",
                    by_size[history.MANY] / by_size[history.FEW],
                    3,
                    is_most=True,
                )
                for name, by_size in measured.items()
            ),
            Check(what, correcting["correction"] / correcting["anew"], 1, is_most=True),
        ],
        Panel(
            "Throughput by size of history, SQLite, one at a time",
            "earlier crossings of the same person (logarithmic)",
            "events a second",
            {
                name: [(size, 1000 / took) for size, took in by_size.items()]
                for name, by_size in list(measured.items())[:3]
            },
            is_logarithmic=True,
        ),
    )


def _http(seconds: float) -> Part:
    measured = http.singles(seconds)
    rows, checks = [], []
    for (database, connections), by_server in measured.items():
        over = {of: {name: each.rate / by_server[of].rate for name, each in by_server.items()} for of in (BARE, INSERT)}
        for name, figures in by_server.items():
            ratios = (f"{over[of][name]:.2f}" for of in (BARE, INSERT))
            rows.append((name, database, str(connections), *_told(figures), *ratios))
        where = f"{database}, {connections} connection{'s' * (connections > 1)}"
        if connections == _MOST:
            wanted = dict(zip((BARE, INSERT), _WANTED[database], strict=True))
            checks += [Check(f"{GEREGE} over {of}, {where}", over[of][GEREGE], wanted[of]) for of in wanted]
            checks.append(Check(f"{EVALUATE} over {BARE}, {where}", over[BARE][EVALUATE], 0.9))
        figures = by_server[GEREGE]
        checks.append(Check(f"{GEREGE}, p99 over p50, {where}", figures.p99 / figures.p50, 10, is_most=True))
    header = ("server", "database", "connections", *_FIGURES, "over (a)", "over (b)")
    return Part(f"POST /v1/crossings, {shipped()} rules", header, rows, checks)


def _batches(seconds: float) -> Part:
    measured = http.batches(seconds)
    return Part(
        f"(d) batches of {LINES}, one connection",
        ("server", "database", *_FIGURES, "over the bare handler"),
        [
            (name, database, *_told(figures), f"{figures.rate / by_server[STORING].rate:.2f}")
            for database, by_server in measured.items()
            for name, figures in by_server.items()
        ],
        [
            Check(f"batches, {GEREGE} over the bare handler, {database}", of[GEREGE].rate / of[STORING].rate, 0.6)
            for database, of in measured.items()
        ],
    )


def _workers(seconds: float) -> Part:
    measured = http.workers(seconds)
    return Part(
        f"workers, {_MOST} connections",
        ("server", "database", "workers", *_FIGURES, "over one worker"),
        [
            (name, database, str(number), *_told(figures), f"{figures.rate / by_server[name, 1].rate:.2f}")
            for database, by_server in measured.items()
            for (name, number), figures in by_server.items()
        ],
        [
            Check(f"two workers over one, {name}, {database}", of[name, 2].rate / of[name, 1].rate, 1.6)
            for database, of in measured.items()
            for name in (GEREGE, EVALUATE)
        ],
    )


def _rules(seconds: float) -> Part:
    measured = http.rules(seconds)
    return Part(
        "number of rules, 16 connections",
        ("server", "database", "rules", *_FIGURES, "over the shipped rules alone"),
        [
            (name, database, f"{size:,}", *_told(figures), f"{figures.rate / by_server[name, shipped()].rate:.2f}")
            for database, by_server in measured.items()
            for (name, size), figures in by_server.items()
        ],
        panel=Panel(
            "Throughput by number of rules, 16 connections",
            "rules in force, the shipped ones first",
            "events a second",
            {
                f"{name.removeprefix('(c) ')}, {database}": [
                    (size, figures.rate) for (of, size), figures in by_server.items() if of == name
                ]
                for database, by_server in measured.items()
                for name in (GEREGE, EVALUATE)
            },
        ),
    )


_FIGURES = ("events/s", "p50 ms", "p95 ms", "p99 ms")


def _told(figures: Figures) -> tuple[str, ...]:
    return (f"{figures.rate:,.0f}", *(f"{took:,.1f}" for took in (figures.p50, figures.p95, figures.p99)))


PARTS: Mapping[str, Callable[[float], Part]] = {
    "http": _http,
    "batches": _batches,
    "workers": _workers,
    "rules": _rules,
    "history": _history,
    "engines": _engines,
    "compiling": _compiling,
}
