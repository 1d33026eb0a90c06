"""The rules directory to a rulebook: every file read once, every mistake reported, all or nothing put in force."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from app.language.calendars import Calendar, OpeningHours
from app.language.diagnostics import Diagnostic, Report
from app.language.from_surface.calendars import calendar, opening
from app.language.from_surface.cases import Case, Named, cases
from app.language.from_surface.conditions import condition
from app.language.from_surface.data import named_set, parameters
from app.language.from_surface.definitions import definitions
from app.language.from_surface.findings import cycles, report_cycle, strata
from app.language.from_surface.measures import measures as measures_in
from app.language.from_surface.provisions import provisions
from app.language.from_surface.rules import rule, status_of
from app.language.from_surface.scope import Names, Scope
from app.language.from_surface.versions import Basis
from app.language.from_surface.working_days import check_calendars
from app.language.ir import (
    Condition,
    Measure,
    NamedSet,
    Parameter,
    Position,
    Provision,
    Rule,
    Rulebook,
    fields_with,
)
from app.language.suggest import did_you_mean
from app.language.surface import Mapping as MappingNode
from app.language.surface import Node, canonical, read
from app.vocabulary.codes import SubjectKind
from app.vocabulary.countries import SCHENGEN_STATES

__all__ = ["Case", "Loaded", "load", "parse_condition", "read_sources"]

_CASES = ".cases.yaml"
_HOURS = "calendars/checkpoints.yaml"


@dataclass(frozen=True, slots=True)
class Loaded:
    """What came of a set of sources; `rulebook` is None exactly if there is an error."""

    rulebook: Rulebook | None
    cases: Mapping[str, tuple[Case, ...]]
    diagnostics: tuple[Diagnostic, ...]


def read_sources(root: Path) -> dict[str, str]:
    """The files of a rulebook, by path below `root`; bytes that are not UTF-8 become U+FFFD and fail to load."""
    files = sorted(path for pattern in ("*.yaml", "*.yml", "*.csv") for path in root.rglob(pattern) if path.is_file())
    return {path.relative_to(root).as_posix(): path.read_text(encoding="utf-8", errors="replace") for path in files}


def load(sources: Mapping[str, str]) -> Loaded:
    """Compile all sources (path below rules/ -> text)."""
    report = Report()
    tree = parse(sources, report)
    compiled = compile_tree(tree, report)
    if report.failed:
        return Loaded(None, compiled.cases, report.sorted())
    rulebook = Rulebook(
        rules=compiled.rules,
        provisions=compiled.provisions,
        lists=compiled.lists,
        parameters=compiled.parameters,
        measures=compiled.measures,
        sources=dict(sources),
        digest=digest(sources, tree),
        calendars=compiled.calendars,
        opening=compiled.opening,
    )
    return Loaded(rulebook, compiled.cases, report.sorted())


def parse(sources: Mapping[str, str], report: Report) -> dict[str, Node | None]:
    """Every YAML source as surface nodes; None for one that is not YAML."""
    tree: dict[str, Node | None] = {}
    for file, text in sorted(sources.items()):
        if "\ufffd" in text:
            line = text[: text.index("\ufffd")].count("\n") + 1
            report.error(Position(file, line, 1), "not-utf-8", "the file is not UTF-8", "Save it as UTF-8")
        if file.endswith(".yml"):
            hint = f"Rename it to {PurePosixPath(file).stem}.yaml"
            report.error(
                Position(file, 1, 1), "wrong-ending", "a file of rules ends in .yaml, and this one does not", hint
            )
        if file.endswith(".yaml"):
            tree[file] = read(file, text, report)
    return tree


def digest(sources: Mapping[str, str], tree: Mapping[str, Node | None]) -> str:
    """`sha256:` over the content, path by path; comments and layout take no part."""
    sha = hashlib.sha256()
    for file, text in sorted(sources.items()):
        node = tree.get(file)
        content = canonical(node) if node else text.replace("\r\n", "\n")
        sha.update(f"{file}\0{content}\0".encode(errors="surrogatepass"))
    return f"sha256:{sha.hexdigest()}"


@dataclass(slots=True)
class _Compiled:
    rules: dict[str, Rule] = field(default_factory=dict)
    provisions: dict[str, Provision] = field(default_factory=dict)
    lists: dict[str, NamedSet] = field(default_factory=dict)
    parameters: dict[str, Parameter] = field(default_factory=dict)
    measures: dict[str, Measure] = field(default_factory=dict)
    cases: dict[str, tuple[Case, ...]] = field(default_factory=dict)
    calendars: dict[str, Calendar] = field(default_factory=dict)
    opening: dict[str, OpeningHours] = field(default_factory=dict)


def compile_tree(tree: Mapping[str, Node | None], report: Report) -> _Compiled:
    """All checks, from surface nodes to IR. A kind of name of which a file could not be read is not checked."""
    out = _Compiled()
    for file, node in _below(tree, "provisions"):
        for key, provision in provisions(PurePosixPath(file).stem, node, report):
            if key.text in out.provisions:
                report.error(
                    key.at, "duplicate-id", f"there is another provision {key.text}", "Give it an id of its own"
                )
            out.provisions[key.text] = provision
    known = None if _unread(tree, "provisions/") else out.provisions
    for file, node in _below(tree, "lists"):
        found = named_set(PurePosixPath(file).stem, node, report)
        if found:
            out.lists[found.name] = found
    if values := tree.get("parameters.yaml"):
        out.parameters = {each.name: each for each in parameters(values, known, report)}
    if counted := tree.get("measures.yaml"):
        out.measures = {each.field.path: each for each in measures_in(counted, report)}
    usable = {
        *(f"lists.{name}" for name in out.lists),
        *(f"parameters.{name}" for name in out.parameters),
        *(f"measures.{path}" for path in out.measures),
    }
    names = Names(
        lists=None if _unread(tree, "lists/") else out.lists,
        parameters=None if _unread(tree, "parameters.yaml") else out.parameters,
        fields={kind: fields_with(out.measures.values(), kind) for kind in SubjectKind},
        measures_read=not _unread(tree, "measures.yaml"),
        broken=frozenset(set(_declared(tree)) - usable),
        rules={PurePosixPath(file).stem: status_of(node) for file, node in tree.items() if _is_rule(file)},
    )
    if shared := tree.get("definitions.yaml"):
        names = definitions(shared, names, report)
    _rules(tree, names, Basis(known), out, report)
    _cases(tree, out, report)
    _calendars(tree, out, report)
    return out


def _declared(tree: Mapping[str, Node | None]) -> Iterator[str]:
    """Names of lists, parameters and measures, whether right or wrong."""
    yield from (f"lists.{PurePosixPath(file).stem}" for file, _ in _below(tree, "lists"))
    for kind in ("parameters", "measures"):
        values = tree.get(f"{kind}.yaml")
        yield from (f"{kind}.{key.text}" for key, _ in values.entries) if isinstance(values, MappingNode) else ()


def _below(tree: Mapping[str, Node | None], directory: str) -> Iterator[tuple[str, Node]]:
    for file, node in tree.items():
        if node and PurePosixPath(file).parent == PurePosixPath(directory):
            yield file, node


def _unread(tree: Mapping[str, Node | None], prefix: str) -> bool:
    return any(node is None for file, node in tree.items() if file.startswith(prefix))


def _is_rule(file: str) -> bool:
    return len(PurePosixPath(file).parts) == len(("jurisdiction", "regime", "file")) and not file.endswith(_CASES)


def _rules(tree: Mapping[str, Node | None], names: Names, basis: Basis, out: _Compiled, report: Report) -> None:
    for file, node in tree.items():
        if _is_rule(file):
            found = rule(file, node, names, basis, report) if node else None
            if found and found.id in out.rules:
                message = f"the rule {found.id} is already in {out.rules[found.id].file}"
                report.error(Position(file, 1, 1), "duplicate-id", message, "Give it an id and a file name of its own")
            elif found:
                out.rules[found.id] = found
        elif not (file.endswith(_CASES) or _is_data(file)):
            hint = "Rules are kept as <JURISDICTION>/<regime>/<RULE-ID>.yaml"
            report.error(Position(file, 1, 1), "wrong-place", "this is no place for a file of rules", hint)
    rests = {each.id: each.rests_on for each in out.rules.values()}
    for cycle in cycles(rests):
        at = Position(out.rules[cycle[0]].file, 1, 1)
        report_cycle(cycle, at, "rules rest on each other's findings", report)
    levels = strata(rests)
    out.rules = {name: replace(each, stratum=levels.get(name, 0)) for name, each in sorted(out.rules.items())}


def _is_data(file: str) -> bool:
    path = PurePosixPath(file)
    single = {"parameters.yaml", "definitions.yaml", "measures.yaml"}
    return file in single or str(path.parent) in {"provisions", "lists", "calendars"}


def _calendars(tree: Mapping[str, Node | None], out: _Compiled, report: Report) -> None:
    for file, node in _below(tree, "calendars"):
        if file == _HOURS:
            out.opening = {each.checkpoint: each for each in opening(node, report)}
        elif found := calendar(PurePosixPath(file).stem, node, report):
            out.calendars[found.state] = found
    states = {PurePosixPath(file).stem for file in tree if file.startswith("calendars/") and file != _HOURS}
    schengen = out.lists[SCHENGEN_STATES].members if SCHENGEN_STATES in out.lists else ()
    check_calendars(out.rules.values(), out.measures, states, schengen, report)


def _cases(tree: Mapping[str, Node | None], out: _Compiled, report: Report) -> None:
    for file, node in tree.items():
        if not file.endswith(_CASES) or node is None:
            continue
        name = PurePosixPath(file).name.removesuffix(_CASES)
        beside = file.removesuffix(_CASES) + ".yaml"
        found = out.rules.get(name)
        if beside not in tree:
            hint = did_you_mean(name, out.rules, f"Put it beside the rule's file, {PurePosixPath(beside).name}")
            report.error(Position(file, 1, 1), "unknown-rule", f"there is no rule {name} beside these cases", hint)
        elif found:
            out.cases[name] = tuple(
                cases(node, found, Named(fields_with(out.measures.values(), found.applies_to), out.rules), report)
            )


def parse_condition(
    text: str,
    kind: SubjectKind,
    *,
    lists: Mapping[str, NamedSet] | None = None,
    parameters: Mapping[str, Parameter] | None = None,
    definitions: Mapping[str, Condition] | None = None,
    measures: Iterable[Measure] = (),
    file: str = "<text>",
) -> tuple[Condition | None, tuple[Diagnostic, ...]]:
    """One condition by itself. Rules it names are not checked; without `lists` or `parameters` those are not either."""
    report = Report()
    node = read(file, text, report)
    counted = tuple(measures)
    fields = {each: fields_with(counted, each) for each in SubjectKind}
    names = Names(lists, parameters, fields, definitions={kind: definitions or {}})
    found = condition(node, Scope(kind, names, report)) if node else None
    return (None if report.failed else found), report.sorted()
