"""YAML 1.2, positions, and content that is the same whatever its layout."""

import json
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.language.diagnostics import Report
from app.language.surface import Mapping, Scalar, canonical, read


def scalar(text: str) -> Scalar:
    report = Report()
    node = read("a.yaml", f"key: {text}\n", report)
    assert isinstance(node, Mapping), report.sorted()
    value = node.get("key")
    assert isinstance(value, Scalar)
    return value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("NO", "NO"),
        ("yes", "yes"),
        ("on", "on"),
        ("12:30", "12:30"),
        ("0123", 123),
        ("0o17", 15),
        ("0x1F", 31),
        ("1_000", "1_000"),
        ("-1.50", Decimal("-1.50")),
        ("2.0", 2),
        ("1e3", 1000),
        ("1e400", "1e400"),
        (".inf", ".inf"),
        ("9" * 30, "9" * 30),
        ("True", True),
        ("~", None),
        ("2026-02-28", date(2026, 2, 28)),
        ("2026-02-30", "2026-02-30"),
        ("'2026-02-28'", "2026-02-28"),
        ('"1"', "1"),
    ],
)
def test_a_scalar_resolves_as_in_yaml_1_2(text: str, value: object) -> None:
    found = scalar(text).value
    assert found == value
    assert type(found) is type(value)


def test_a_node_knows_its_line_and_column() -> None:
    node = read("a.yaml", "a:\n  - b: 1\n", Report())
    assert isinstance(node, Mapping)
    items = node.get("a")
    assert items is not None
    assert (node.at.line, node.at.column, items.at.line, items.at.column) == (1, 1, 2, 3)


NUMBERS = st.integers(-(10**18) + 1, 10**18 - 1)
TEXTS = st.text(max_size=30)  # a key may have up to 1,024 characters with its escapes
LEAVES = TEXTS | NUMBERS | st.booleans() | st.none()


@given(st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner)))
def test_canonical_content_of_json_is_that_json_whatever_the_order_of_keys(value: object) -> None:
    lines = json.dumps(value)
    turned = json.dumps(_turned(value), indent=1)
    one, other = read("a.yaml", lines, Report()), read("a.yaml", turned, Report())
    assert one is not None
    assert other is not None
    assert canonical(one) == canonical(other)
    assert json.loads(canonical(one)) == value


def _turned(value: object) -> object:
    if isinstance(value, dict):
        return {key: _turned(inner) for key, inner in reversed(value.items())}
    return [_turned(inner) for inner in value] if isinstance(value, list) else value


def test_comments_and_layout_change_no_content() -> None:
    one = read("a.yaml", "# one\na: {b: 1, c: [x, y]}\n", Report())
    other = read("a.yaml", "a:\n  c:\n  - 'x'\n  - y  # two\n  b: 1\n", Report())
    assert one is not None
    assert other is not None
    assert canonical(one) == canonical(other)


def test_two_escapes_of_one_character_are_that_character() -> None:
    assert scalar(r'"\ud83d\ude00"').value == "\U0001f600"


def test_half_a_character_is_refused_where_it_stands() -> None:
    report = Report()
    assert read("a.yaml", r'a: "\ud83d"', report) is None
    (diagnostic,) = report.sorted()
    assert (diagnostic.at.column, diagnostic.code) == (4, "bad-yaml")
