"""What the YAML parser says, in an author's words."""

from ruamel.yaml.error import MarkedYAMLError

from app.language.ir import Position


def explained(error: MarkedYAMLError, file: str, text: str) -> tuple[Position, str, str]:
    """Place in the text, what is wrong, what would be right."""
    mark = (error.context_mark if _opened(error) else None) or error.problem_mark or error.context_mark
    at = inside(file, text, mark.line, mark.column) if mark else Position(file, 1, 1)
    if "\t" in text.split("\n")[at.line - 1][: at.column]:
        return at, "a tab stands where YAML allows only spaces", "Indent with spaces"
    problem = str(error.problem or error.context or "the text is not YAML")
    message, hint = next((words for sign, *words in _WORDING if sign in problem), (problem, ""))
    return at, message, hint


def inside(file: str, text: str, line: int, column: int) -> Position:
    """A place in the text: the parser may point behind its end."""
    lines = text.split("\n")
    line = max(0, min(line, len(lines) - 1))
    return Position(file, line + 1, max(0, min(column, len(lines[line]))) + 1)


def _opened(error: MarkedYAMLError) -> bool:
    """Whether something was opened and never closed: the place to show is where."""
    return any(sign in str(error.problem) for sign in ("unexpected end of stream", "expected ',' or", "<stream end>"))


_WORDING = (
    ("<stream end>", "the file ends in the middle of this", "Finish it"),
    ("cannot start any token", "a value cannot begin with this character", "Put the value in quotes"),
    ("mapping values are not allowed", "a second `: ` in one line", "Put the value in quotes, or begin a new line"),
    ("could not find expected ':'", "a key without `:` after it", "Write `key: value`"),
    ("found unexpected end of stream", "quotes that are opened and never closed", "Close them"),
    (
        "<block end>",
        "this does not line up with what is above it",
        "Check the indentation of this line and the ones above",
    ),
    (
        "expected ',' or",
        "a bracket that is opened and never closed, or a comma missing",
        "Close it, or put the comma in",
    ),
)
