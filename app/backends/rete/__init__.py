"""durable-rules as a nominator, by the one use of it that was found safe. It decides nothing.

    rules --encoding--> questions about an event's numbers --compiling--> expressions, cut into rulesets
          --bounds--> proof that no fact can exceed what the C code holds
    facts --encoding--> numbers --writing--> a flat fact of small integers --engine--> C calls

Hazards of the library and where each is met:

- what a client sent reaches the C code only as an integer or as the presence of a property: `encoding`
- pending paths, first conditions, identical conditions, properties, rules of a ruleset: `bounds`
- threads, lost matches, false duplicates, uninitialised memory, leaks on reload: `engine`
"""

from app.backends.rete.bounds import Bounds, BoundsExceeded
from app.backends.rete.engine import EngineError, Rete, WrongThread, available

__all__ = ["Bounds", "BoundsExceeded", "EngineError", "Rete", "WrongThread", "available"]
