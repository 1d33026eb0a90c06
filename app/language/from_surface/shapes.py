"""Reading the plain parts of a file: keys, texts, days, choices, periods."""

from collections.abc import Iterable
from collections.abc import Mapping as MappingOf
from datetime import date, datetime
from enum import StrEnum
from textwrap import shorten
from typing import TypeVar

from app.language.diagnostics import Report
from app.language.ir import Period, Texts
from app.language.scalars import as_time, looks_like_time
from app.language.suggest import did_you_mean, one_of
from app.language.surface import Mapping, Node, Scalar, Sequence

_LONG = 40
LANGUAGES = ("en", "ru", "zh")
_E = TypeVar("_E", bound=StrEnum)


def shown(node: Node) -> str:
    """The node in an author's words."""
    match node:
        case Mapping():
            return "a mapping"
        case Sequence():
            return "a list"
        case Scalar(None):
            return "nothing"
        case Scalar(bool(), written):
            return f"the boolean {written}"
        case Scalar(datetime(), written):
            return f"the instant {written}"
        case Scalar(date(), written):
            return f"the date {written}"
        case Scalar(str(), written):
            return f'the text "{shorten(written, _LONG, placeholder=" …")}"'
        case Scalar(_, written):
            return f"the number {written}"


def mapping(
    node: Node, what: str, report: Report, required: Iterable[str] = (), optional: Iterable[str] | None = ()
) -> Mapping | None:
    """The mapping, its keys checked; with `optional` None any further key may stand."""
    if not isinstance(node, Mapping):
        report.error(
            node.at, "not-a-mapping", f"{what} is a mapping, not {shown(node)}", "Write `key: value`, one a line"
        )
        return None
    have = {key.text for key, _ in node.entries}
    for name in required:
        if name not in have:
            report.error(node.at, "missing-key", f"{what} has no {name}", f"Add `{name}:`")
    if optional is not None:
        known = (*required, *optional)
        for key, _ in node.entries:
            if key.text not in known:
                hint = did_you_mean(key.text, known, one_of(known))
                report.error(key.at, "unknown-key", f"{what} knows no key {key.text}", hint)
    return node


def items(node: Node | None, what: str, report: Report) -> tuple[Node, ...]:
    """The items of a list; nothing for an absent one."""
    if node is None:
        return ()
    if isinstance(node, Sequence):
        return node.items
    report.error(node.at, "not-a-list", f"{what} is a list, not {shown(node)}", "Begin each item with `- `")
    return ()


def text(node: Node | None, what: str, report: Report) -> str | None:
    """A text that says something; None for an absent or wrong one."""
    if node is None:
        return None
    if not isinstance(node, Scalar) or not isinstance(node.value, str):
        hint = f'Put it in quotes, "{node.text}"' if isinstance(node, Scalar) and node.text else "Write a text"
        report.error(node.at, "not-a-text", f"{what} is a text, not {shown(node)}", hint)
        return None
    if not node.value.strip():
        report.error(node.at, "empty-text", f"{what} is empty", "Write a text, or leave the key out if it is optional")
        return None
    return node.value


def day(node: Node | None, what: str, report: Report) -> date | None:
    """A calendar day; None for an absent or wrong one."""
    if node is None:
        return None
    value = as_time(node.text) if isinstance(node, Scalar) else None
    if value is not None and not isinstance(value, datetime):
        return value
    if isinstance(node, Scalar) and looks_like_time(node.text) and value is None:
        report.error(
            node.at, "impossible-date", f"there is no day {node.text}", "Write a day of the calendar, YYYY-MM-DD"
        )
    else:
        report.error(node.at, "not-a-date", f"{what} is a date, not {shown(node)}", "Write YYYY-MM-DD")
    return None


def choice(node: Node | None, among: type[_E], what: str, report: Report) -> _E | None:
    """A member of a closed list; None for an absent or wrong one."""
    word = text(node, what, report)
    if word is None or node is None:
        return None
    if word not in set(among):
        known = [str(each) for each in among]
        report.error(node.at, "unknown-choice", f"{what} cannot be {word}", did_you_mean(word, known, one_of(known)))
        return None
    return among(word)


def titles(node: Node | None, what: str, report: Report) -> Texts:
    """Texts in the three languages."""
    return texts(node, what, report, required=LANGUAGES)


def texts(
    node: Node | None, what: str, report: Report, required: Iterable[str] = (), optional: Iterable[str] = ()
) -> MappingOf[str, str]:
    """A mapping of texts; empty for an absent one."""
    found = mapping(node, what, report, required, optional) if node else None
    read = {key.text: text(value, f"{what}.{key.text}", report) for key, value in found.entries} if found else {}
    return {key: value for key, value in read.items() if value is not None}


def period(node: Node | None, what: str, report: Report) -> Period | None:
    """Inclusive days `from` and `until`, each of which may be absent, read out of a mapping that may hold more."""
    if not isinstance(node, Mapping):
        return None
    first, last = (day(node.get(end), f"{what}.{end}", report) for end in ("from", "until"))
    if (first is None) is not (node.get("from") is None) or (last is None) is not (node.get("until") is None):
        return None
    if first and last and last < first:
        where = node.get("until") or node
        report.error(
            where.at, "from-after-until", f"{what} ends on {last}, before it begins on {first}", "Swap or correct them"
        )
        return None
    return Period(first, last)
