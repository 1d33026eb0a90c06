"""Compiling a thousand rules against parsing their YAML: the shipped rules, copied under new identifiers."""

import re
import statistics
import time
from pathlib import Path, PurePosixPath

from app.language.diagnostics import Report
from app.language.load import compile_tree, parse, read_sources

RULES, _ROUNDS = 1000, 3
_FOLDER = Path(__file__).parent.parent / "rules"


def run() -> dict[str, float]:
    """Median seconds of each step, interleaved."""
    sources = _thousand()
    parsing, compiling = [], []
    for _ in range(_ROUNDS):
        report = Report()
        began = time.perf_counter()
        tree = parse(sources, report)
        parsed = time.perf_counter()
        compiled = compile_tree(tree, report)
        done = time.perf_counter()
        if report.failed or len(compiled.rules) < RULES:
            raise AssertionError(f"the rules of the benchmark do not compile: {report.sorted()[:3]}")
        parsing.append(parsed - began)
        compiling.append(done - parsed)
    return {"parse YAML": statistics.median(parsing), "compile to IR": statistics.median(compiling)}


def _thousand() -> dict[str, str]:
    sources = {name: text for name, text in read_sources(_FOLDER).items() if not name.endswith(".cases.yaml")}
    rules = {name: text for name, text in sources.items() if len(PurePosixPath(name).parts) == len(("j", "r", "f"))}
    for copy in range(RULES // len(rules) + 1):
        for name, text in rules.items():
            path = PurePosixPath(name)
            sources[str(path.with_stem(f"{path.stem}-{copy:02}"))] = re.sub(
                rf"^id: {path.stem}$", f"id: {path.stem}-{copy:02}", text, flags=re.MULTILINE
            )
    return sources
