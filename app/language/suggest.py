"""Did-you-mean: the known name an author most likely meant."""

from collections.abc import Iterable
from difflib import get_close_matches

SHOWN = 12


def did_you_mean(name: str, known: Iterable[str], otherwise: str = "") -> str:
    """A hint naming up to three near names; `otherwise` if none is near."""
    by_fold = {each.casefold(): each for each in known}
    near = get_close_matches(name.casefold(), by_fold, n=3, cutoff=0.65)
    return f"Did you mean {either([by_fold[each] for each in near])}?" if near else otherwise


def one_of(known: Iterable[str]) -> str:
    """A hint naming what is allowed, cut short where there is too much of it."""
    names = list(known)
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"It is one of: {', '.join(names[:SHOWN])}{more}" if names else "There are none"


def either(names: list[str]) -> str:
    """`a`, `a or b`, `a, b or c`."""
    *first, last = names
    return f"{', '.join(first)} or {last}" if first else last


def a(noun: str) -> str:
    """The noun with its article."""
    return f"an {noun}" if noun[0] in "aeio" else f"a {noun}"
