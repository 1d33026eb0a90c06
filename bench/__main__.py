"""`make bench`: every figure with what it is measured against, in one run."""

import os
import platform
from collections.abc import Mapping

from rich.console import Console
from rich.table import Table

from bench import compiling, driver, engines, history, http

_CONSOLE = Console()


def main() -> None:
    _CONSOLE.print(
        f"{os.cpu_count()} cores, Python {platform.python_version()}, {platform.machine()}; medians, interleaved"
    )
    _engines(engines.run())
    _compiling(compiling.run())
    _history()
    for connections in (1, 16, 128):
        _http(connections, http.run(connections))
    _batches(http.run(1, http.BATCHES))


def _engines(rates: Mapping[int, Mapping[str, float]]) -> None:
    table = Table("engine", *(f"{size:,} rules" for size in rates), title="events a second (µs an event)")
    for name in rates[engines.SIZES[0]]:
        table.add_row(name, *(f"{by[name]:,.0f} ({1e6 / by[name]:,.1f})" for by in rates.values()))
    _CONSOLE.print(table)
    few, middle, many = (rates[size] for size in engines.SIZES)
    host = "durable-rules Host"
    _ratio("index at 1,000 rules over index at 50", many["index"] / few["index"], 0.6)
    _ratio("index over rete at 1,000", many["index"] / many["rete"], 8)
    _ratio("index over zen-engine at 1,000", many["index"] / many["zen-engine"], 8)
    _ratio("rete over Host at 50", few["rete"] / few[host], 4)
    _ratio("rete over Host at 200", middle["rete"] / middle[host], 4)


def _compiling(seconds: Mapping[str, float]) -> None:
    table = Table("step", "seconds", title=f"{compiling.RULES:,} rule files")
    for name, took in seconds.items():
        table.add_row(name, f"{took:.3f}")
    _CONSOLE.print(table)
    _ratio("parsing YAML over compiling", seconds["parse YAML"] / seconds["compile to IR"], 1)


def _history() -> None:
    measured = {name: history.evaluating(earlier) for name, earlier in history.CASES.items()}
    title = f"one crossing, stored, after {history.FEW} or {history.MANY:,} of the same person"
    table = Table("earlier crossings", "after few, ms", "after many, ms", title=title)
    for name, figures in measured.items():
        table.add_row(name, f"{figures['FEW']:.2f}", f"{figures['MANY']:.2f}")
    _CONSOLE.print(table)
    for name, figures in measured.items():
        _at_most(f"after many over after few, {name}", figures["MANY"] / figures["FEW"], 3)
    seconds = history.correcting()
    _at_most(
        f"correcting the first of {history.MANY:,} crossings ({seconds['correction']:.2f} s) over sending them anew "
        f"({seconds['anew']:.2f} s)",
        seconds["correction"] / seconds["anew"],
        1,
    )


def _http(connections: int, measured: Mapping[str, Mapping[str, float]]) -> None:
    table = Table(
        "server", "events/s", "p50 ms", "p99 ms", title=f"POST /v1/crossings, SQLite, {connections} connections"
    )
    for name, figures in measured.items():
        table.add_row(name, f"{figures['rate']:,.0f}", f"{figures['p50_ms']:.2f}", f"{figures['p99_ms']:.2f}")
    _CONSOLE.print(table)
    gerege = measured[http.GEREGE]
    _ratio(f"gerege over the {http.BARE} at {connections}", gerege["rate"] / measured[http.BARE]["rate"], 0.45)
    _ratio(f"gerege over the {http.INSERT} at {connections}", gerege["rate"] / measured[http.INSERT]["rate"], 1.4)
    _at_most(f"p99 over p50 at {connections}", gerege["p99_ms"] / gerege["p50_ms"], 10)


def _batches(measured: Mapping[str, Mapping[str, float]]) -> None:
    table = Table("server", "events/s", title=f"batches of {driver.LINES}, SQLite, one connection")
    for name, figures in measured.items():
        table.add_row(name, f"{figures['rate']:,.0f}")
    _CONSOLE.print(table)
    _ratio("batches, gerege over the bare handler", measured[http.GEREGE]["rate"] / measured[http.BARE]["rate"], 0.6)


def _ratio(what: str, value: float, wanted: float) -> None:
    _CONSOLE.print(f"{what}: {value:.2f} (wanted: at least {wanted})", style="green" if value >= wanted else "bold red")


def _at_most(what: str, value: float, wanted: float) -> None:
    _CONSOLE.print(f"{what}: {value:.2f} (wanted: at most {wanted})", style="green" if value <= wanted else "bold red")


if __name__ == "__main__":
    main()
