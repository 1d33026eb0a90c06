"""YAML 1.2 text to plain nodes with positions, from the parser's events; nothing is constructed twice.

Only what a rule file needs: one document of mappings, sequences and scalars. Anchors, aliases and tags are refused,
and so is deep nesting, so that no file can blow up what reads it. Plain scalars resolve as in YAML 1.2's core schema
(`NO` is text) with dates and instants added; a quoted scalar is always text.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from ruamel.yaml.reader import ReaderError

from app.language.diagnostics import Report
from app.language.ir import Position
from app.language.scalars import resolved
from app.language.yaml_errors import explained, inside
from app.vocabulary.values import Scalar as Value

DEEPEST = 32


@dataclass(frozen=True, slots=True)
class Scalar:
    """A value as resolved, and the text it was written as. `quoted` text is never a reference, date or number."""

    value: Value | None
    text: str
    quoted: bool
    at: Position


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list of nodes."""

    items: tuple["Node", ...]
    at: Position


@dataclass(frozen=True, slots=True)
class Mapping:
    """Entries in the order written, each key once."""

    entries: tuple[tuple[Scalar, "Node"], ...]
    at: Position

    def get(self, key: str) -> "Node | None":
        """The value under a key, or None."""
        return next((value for name, value in self.entries if name.text == key), None)


Node: TypeAlias = Scalar | Sequence | Mapping


class _Refused(Exception):  # noqa: N818 (never leaves this module)
    def __init__(self, at: Position, code: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.reason = (at, code, message, hint)


def read(file: str, text: str, report: Report) -> Node | None:
    """The file's one document, or None where the text is not YAML (reported)."""
    try:
        return _Builder(file, report).build(YAML(typ="safe", pure=True).parse(text))
    except _Refused as refused:
        report.error(*refused.reason)
    except MarkedYAMLError as error:
        at, message, hint = explained(error, file, text)
        report.error(at, "bad-yaml", message, hint)
    except ReaderError as error:
        before = text[: error.position]
        at = inside(file, text, before.count("\n"), len(before) - before.rfind("\n") - 1)
        report.error(at, "bad-yaml", "a character that no YAML file may contain", "Delete it")
    except (YAMLError, ValueError, LookupError, AssertionError, OverflowError):  # the parser's own faults on odd input
        hint = "Compare it with a file that loads"
        report.error(Position(file, 1, 1), "bad-yaml", "the file cannot be read as YAML", hint)
    return None


class _Builder:
    """Nodes from events, without recursion."""

    def __init__(self, file: str, report: Report) -> None:
        self.file = file
        self.report = report

    def build(self, events: Iterator[Event]) -> Node:
        root: Node | None = None
        documents = 0
        open_nodes: list[tuple[Event, list[Node]]] = []
        for event in events:
            if isinstance(event, NodeEvent):
                self._check(event, len(open_nodes))
            if isinstance(event, ScalarEvent):
                node: Node = _scalar(event, self._at(event))
            elif isinstance(event, (MappingStartEvent, SequenceStartEvent)):
                open_nodes.append((event, []))
                continue
            elif isinstance(event, (MappingEndEvent, SequenceEndEvent)):
                node = self._closed(*open_nodes.pop())
            else:
                documents += isinstance(event, DocumentStartEvent)
                if documents > 1:
                    raise _Refused(
                        self._at(event),
                        "several-documents",
                        "a second document begins here",
                        "Keep one document to a file",
                    )
                continue
            if open_nodes:
                open_nodes[-1][1].append(node)
            else:
                root = node
        if root is None:
            hint = "Delete it, or write what belongs in it"
            raise _Refused(Position(self.file, 1, 1), "empty-file", "the file is empty", hint)
        return root

    def _at(self, event: Event) -> Position:
        return Position(self.file, event.start_mark.line + 1, event.start_mark.column + 1)

    def _check(self, event: NodeEvent, depth: int) -> None:
        if isinstance(event, AliasEvent) or event.anchor:
            raise _Refused(
                self._at(event),
                "alias",
                "anchors (&) and aliases (*) are not read in rule files",
                "Write the value out",
            )
        if getattr(event, "tag", None):
            raise _Refused(self._at(event), "tag", "tags (!) are not read in rule files", "Leave the tag out")
        if depth > DEEPEST:
            raise _Refused(
                self._at(event),
                "too-deep",
                f"nested more than {DEEPEST} levels deep",
                "Give a part a name in definitions.yaml",
            )

    def _closed(self, start: Event, children: list[Node]) -> Node:
        at = self._at(start)
        if isinstance(start, SequenceStartEvent):
            return Sequence(tuple(children), at)
        entries: dict[str, tuple[Scalar, Node]] = {}
        for key, value in zip(children[::2], children[1::2], strict=True):
            if not isinstance(key, Scalar):
                self.report.error(key.at, "bad-key", "a key must be a word", "Write `key: value`")
            elif key.text in entries:
                first = entries[key.text][0].at
                self.report.error(
                    key.at,
                    "duplicate-key",
                    f"{key.text} is here twice; it is already in line {first.line}",
                    "Keep one of the two",
                )
            else:
                entries[key.text] = (key, value)
        return Mapping(tuple(entries.values()), at)


_SURROGATE = re.compile("[\ud800-\udfff]")


def _scalar(event: ScalarEvent, at: Position) -> Scalar:
    quoted = not event.implicit[0]
    text: str = event.value
    if not text.isascii() and _SURROGATE.search(text):
        text = _joined(text, at)
    return Scalar(text if quoted else resolved(text), text, quoted, at)


def _joined(text: str, at: Position) -> str:
    """JSON writes what is beyond 16 bits as two escapes; YAML's parser leaves them two."""
    try:
        return text.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError:
        hint = "Write the character itself"
        raise _Refused(at, "bad-yaml", "an escape that stands for half a character", hint) from None


def canonical(node: Node) -> str:
    """JSON with sorted keys: the same for two files that say the same, whatever their comments and layout."""
    match node:
        case Mapping(entries):
            parts = sorted((json.dumps(key.text), canonical(value)) for key, value in entries)
            return "{" + ",".join(f"{key}:{value}" for key, value in parts) + "}"
        case Sequence(items):
            return "[" + ",".join(map(canonical, items)) + "]"
        case Scalar(value, text):
            plain = value is None or isinstance(value, (bool, int))
            return str(value) if isinstance(value, Decimal) else json.dumps(value if plain else text)
