"""Dotted paths into a case's event: `persons.0.document.expires_on`."""

from decimal import Decimal
from typing import Any

from app.language.diagnostics import Report
from app.language.suggest import did_you_mean
from app.language.surface import Mapping, Node, Scalar, Sequence

_LONGEST = 1000


def plain(node: Node) -> Any:  # noqa: ANN401 (JSON)
    """The node as JSON would have it: dates and instants stay the texts they were written as."""
    match node:
        case Mapping(entries):
            return {key.text: plain(value) for key, value in entries}
        case Sequence(items):
            return [plain(item) for item in items]
        case Scalar(Decimal() as number):
            return float(number)
        case Scalar(bool() | int() | None as value):
            return value
        case Scalar(_, text):
            return text


def put(event: dict[str, Any], path: Scalar, value: Any, report: Report) -> bool:  # noqa: ANN401 (JSON)
    """Replace or add a member; in a list, `0` to its length (which appends). Whether that was possible."""
    *above, last = path.text.split(".")
    container = _at(event, above, path, report)
    match container:
        case dict():
            container[last] = value
            return True
        case list() if last.isdecimal() and int(last[:6]) < len(container):
            container[int(last)] = value
            return True
        case list() if last == str(len(container)) and len(container) < _LONGEST:
            container.append(value)
            return True
        case None:
            return False
        case _:
            _no_path(path, last, container, report)
            return False


def omit(event: dict[str, Any], path: Scalar, report: Report) -> bool:
    """Delete a member of an object or of a list. Whether it was there."""
    *above, last = path.text.split(".")
    container = _at(event, above, path, report)
    match container:
        case dict() if last in container:
            del container[last]
            return True
        case list() if last.isdecimal() and int(last[:6]) < len(container):
            del container[int(last)]
            return True
        case None:
            return False
        case _:
            _no_path(path, last, container, report)
            return False


def _at(event: dict[str, Any], steps: list[str], path: Scalar, report: Report) -> Any:  # noqa: ANN401 (JSON)
    """What the steps lead to; None if they lead nowhere (reported)."""
    here: Any = event
    for step in steps:
        match here:
            case dict() if here.get(step) is not None:
                here = here[step]
            case list() if step.isdecimal() and int(step[:6]) < len(here):
                here = here[int(step)]
            case _:
                _no_path(path, step, here, report)
                return None
    return here


def _no_path(path: Scalar, step: str, here: Any, report: Report) -> None:  # noqa: ANN401 (JSON)
    match here:
        case dict():
            hint = did_you_mean(step, map(str, here), f"It has {', '.join(map(str, here)) or 'no members'}")
        case list():
            hint = f"The list has {len(here)}, counted from 0"
        case _:
            hint = "There is a plain value above it"
    report.error(path.at, "no-such-path", f"the event has no {path.text}: {step} is not there", hint)
