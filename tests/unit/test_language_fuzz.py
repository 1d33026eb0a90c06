"""Whatever is in a file: it loads, or there is an error that points into it; nothing is ever raised."""

import re
import string
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.language.diagnostics import Severity
from app.language.load import load, parse_condition, read_sources
from app.vocabulary.codes import SubjectKind

GOLDEN = Path(__file__).parents[1] / "golden"
BASE = read_sources(GOLDEN / "base")
FILES = sorted(file for file in BASE if file.endswith(".yaml"))
TOKEN = re.compile(r"[^\s,{}\[\]:]+|\{[^{}]*\}|\[[^\[\]]*\]")
TEXTS = [path.read_text(encoding="utf-8") for path in sorted(GOLDEN.glob("*/*.yaml"))]
WORDS = sorted({word for text in [*BASE.values(), *TEXTS] for word in TOKEN.findall(text)})
OF_PYTHON = re.compile(
    r"\bNone\b|<class|\w(?:Error|Type|Kind)\b|instance of|dictionary|tuple|frozenset|Decimal|datetime"
)
MARKS = ["\t", "\n", "  ", "- ", ": ", "null", "!!int", "&a ", "*a", "<<", "%YAML 1.1\n", '"\\ud800"']
PIECES = st.sampled_from([*WORDS, *string.punctuation, *MARKS])
NUMBERS = st.from_regex(r"-?[0-9]{1,30}(\.[0-9]*)?(e[0-9]{1,9})?", fullmatch=True)
SNIPPETS = PIECES | NUMBERS | st.text(max_size=6)


@st.composite
def mutated(draw: st.DrawFn) -> tuple[str, str]:
    """A file of the base with some of its pieces deleted, replaced, doubled or moved."""
    file = draw(st.sampled_from(FILES))
    text = BASE[file]
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 20)))
        match draw(st.sampled_from(["word", "word", "delete", "replace", "insert", "double", "cut"])):
            case "delete":
                text = text[:start] + text[end:]
            case "replace":
                text = text[:start] + draw(SNIPPETS) + text[end:]
            case "insert":
                text = text[:start] + draw(SNIPPETS) + text[start:]
            case "word":
                places = list(TOKEN.finditer(text))
                if places:
                    place = draw(st.sampled_from(places))
                    text = text[: place.start()] + draw(SNIPPETS) + text[place.end() :]
            case "double":
                text = text[:end] + text[start:]
            case _:
                text = text[:start]
    return file, text


def check(sources: dict[str, str]) -> None:
    loaded = load(sources)
    errors = [each for each in loaded.diagnostics if each.severity is Severity.ERROR]
    assert (loaded.rulebook is None) is bool(errors)
    for each in errors:
        lines = sources[each.at.file].splitlines() or [""]
        assert 1 <= each.at.line <= len(lines) + 1
        assert each.at.column >= 1
        assert each.message
        # A word that the author wrote may be told back.
        assert all(found in sources[each.at.file] for found in OF_PYTHON.findall(each.message))
        assert f"{each.at.file}:{each.at.line}:" in str(each)


@settings(max_examples=300, deadline=None)
@given(mutated())
def test_a_file_with_mistakes_loads_or_says_where_they_are(change: tuple[str, str]) -> None:
    file, text = change
    check(BASE | {file: text})


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(FILES), st.text(max_size=200))
@example("parameters.yaml", "\x00")
@example("parameters.yaml", "%YAML 1.1\n---\na: yes\n")
@example("parameters.yaml", '"\\U99999999"')
@example("parameters.yaml", "\ufeff# nothing\n")
@example("parameters.yaml", "a: \ud800")
@example("definitions.yaml", "? a\n: b\n? - c\n: d\n")
@example("definitions.yaml", "[" * 10_000)
@example("definitions.yaml", "{a: " * 5_000)
def test_any_text_in_place_of_a_file_loads_or_says_where_it_is_wrong(file: str, text: str) -> None:
    check(BASE | {file: text})


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES, max_size=12).map(" ".join), st.sampled_from(SubjectKind))
def test_any_words_are_a_condition_or_are_said_not_to_be(text: str, kind: SubjectKind) -> None:
    condition, diagnostics = parse_condition(text, kind)
    assert (condition is None) is bool(diagnostics)
