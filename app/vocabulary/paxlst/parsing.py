"""From bytes to manifests, within bounds."""

from collections.abc import Iterable, Iterator
from itertools import islice

from app.errors import Invalid, Problem
from app.vocabulary.paxlst.envelope import messages
from app.vocabulary.paxlst.manifest import Flaw, Manifest
from app.vocabulary.paxlst.reading import manifest
from app.vocabulary.paxlst.syntax import Segment, decode, segments

# The largest ships carry some 10,000 persons; each takes about 15 segments and 250 bytes.
MAX_BYTES = 4 * 1024 * 1024
MAX_SEGMENTS = 200_000
MAX_PERSONS = 10_000

_RIGHT = "UNB, UNH+…+PAXLST:D:…, BGM, TDT with LOC and DTM, NAD for each person, UNT, UNZ"


def parse(content: bytes) -> tuple[Manifest, ...]:
    """Read each PAXLST message of the interchange; what is wrong in them is told by their flaws only.

    Raises Invalid for content with no such message, with neither a flight nor a person in it, or beyond the bounds.
    """
    if len(content) > MAX_BYTES:
        raise _invalid(f"the content has {len(content):,} bytes", f"at most {MAX_BYTES:,}")
    found = messages(_bounded(segments(decode(content))), "PAXLST")
    if not found:
        raise _invalid("there is no PAXLST message", _RIGHT)
    manifests = tuple(map(manifest, found))
    if not any(each.legs or each.persons for each in manifests):
        raise _invalid("the message has no flight and no person", _RIGHT)
    if sum(len(each.persons) for each in manifests) > MAX_PERSONS:
        raise _invalid(f"the content lists more than {MAX_PERSONS:,} persons", "a list in several messages")
    return manifests


def _bounded(found: Iterable[tuple[Segment, list[Flaw]]]) -> Iterator[tuple[Segment, list[Flaw]]]:
    rest = iter(found)
    yield from islice(rest, MAX_SEGMENTS)
    if next(rest, None):
        raise _invalid(f"the content has more than {MAX_SEGMENTS:,} segments", "a list in several messages")


def _invalid(message: str, hint: str) -> Invalid:
    return Invalid("The content is no passenger list.", [Problem("content", message, hint)])
