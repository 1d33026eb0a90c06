"""Advance lists of passengers and crew: UN/EDIFACT PAXLST as airlines send it (WCO/IATA/ICAO, from D.02B on).

- the whole: `parsing`; of bytes: `syntax` (segments) > `envelope` (messages, their counts and references)
- of a message: `reading` > `flights`, `persons` > `checked` (values or flaws) > `values`; what comes out: `manifest`

Own code splits the segments. pydifact 0.2.3 (MIT), the one kept library whose licence fits, refuses three of five real
messages whole, for a space beside a tag, and loses all after the first fault; it knows no repetition separator.
"""

from app.vocabulary.paxlst.manifest import Document, Flaw, Function, Leg, Manifest, Person, Role
from app.vocabulary.paxlst.parsing import MAX_BYTES, parse

__all__ = ["MAX_BYTES", "Document", "Flaw", "Function", "Leg", "Manifest", "Person", "Role", "parse"]
