"""`make bench`: every figure with what it is measured against, in one run.

A run of all parts is written to docs/bench.md and docs/bench.svg, and quoted in the README. `--only` runs some parts,
and writes nothing.
"""

import argparse
import os
import platform

from rich.console import Console

from bench.chart import svg
from bench.parts import PARTS
from bench.report import judged, quoted, show, tabulated
from bench.server import ROOT

_CONSOLE = Console()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--seconds", type=float, default=3, help="length of each of the three rounds over HTTP")
    given = parser.parse_args()
    machine = _machine()
    _CONSOLE.print(machine)
    found = {}
    for name in given.only:
        _CONSOLE.print(f"Measuring: {name}…")
        found[name] = PARTS[name](given.seconds)
        show(found[name], _CONSOLE)
    if found.keys() == PARTS.keys():
        parts = found.values()
        tables = "\n".join(map(tabulated, parts))
        (ROOT / "docs" / "bench.md").write_text(
            f"# Figures\n\n{machine}\n\n{judged(parts)}\n{tables}", encoding="utf-8"
        )
        (ROOT / "docs" / "bench.svg").write_text(svg([part.panel for part in parts if part.panel]), encoding="utf-8")
        readme = ROOT / "README.md"
        block = "\n".join((f"{machine}\n", tabulated(found["http"]), judged(parts)))
        readme.write_text(quoted(readme.read_text(encoding="utf-8"), block), encoding="utf-8")


def _machine() -> str:
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    return (
        f"A machine of {os.cpu_count()} cores ({platform.machine()}) and {memory:.0f} GiB, Python "
        f"{platform.python_version()}, with the load driver and PostgreSQL on it; medians of interleaved rounds of one "
        f"run, load average {os.getloadavg()[0]:.1f} at its start."
    )


if __name__ == "__main__":
    main()
