"""The C calls. One ruleset per plan, one fact at a time, everything it fires collected, then the fact is retracted.

- The extension's own functions, never its `Host`, whose background thread steals actions.
- `assert_fact`, never `post`: an event fires one rule only. The fact has an id of its own, the same each time, so that
  no two are ever taken for one by their hash.
- A sentinel fires right after `create_ruleset`, which initialises what `delete_state` frees. Without `delete_state`
  before `delete_ruleset` every reload leaks some 13 kB a rule; with both, memory stays flat (checked with ASan).
"""

import json
from collections.abc import Sequence
from functools import cache
from importlib import import_module
from itertools import count
from threading import get_ident
from typing import Any, Final

from app.backends.rete.bounds import Bounds
from app.backends.rete.compiling import TAG, Plan, name_of_seen, plan
from app.backends.rete.encoding import Encoding, UnexpectedFactError
from app.backends.rete.expressions import Test, definition
from app.backends.rete.writing import Writer
from app.language.resolve import Resolved
from app.vocabulary.values import Facts

_SID: Final = "0"
_ID: Final = '{"sid":"0","id":"1"'
_RETRACTED: Final = _ID + "}"
_SENTINEL: Final = Test(TAG, "$eq", -1000)  # below all that a rule compares the tag with
_TAGGED: Final = f'{_ID},"{TAG}":1'
_NOTHING: Final = frozenset[int]()
_HANDLED: Final = 0
_NOT_HANDLED: Final = 1
_NAMES: Final = count()  # a ruleset's name is never used twice in a process


class EngineError(Exception):
    """The C engine answered what it should not; its ruleset is not to be used again."""


class WrongThread(Exception):  # noqa: N818 (says what happened)
    """The C engine was used from a second thread, which it does not survive."""


@cache
def available() -> str | None:
    """None if the C extension can be used, else why not."""
    try:
        import_module("durable_rules_engine")
    except ImportError as error:
        return f"durable-rules cannot be imported on this Python: {error}"
    return None


class Rete:
    """Nominates, of resolved rules, those that may be violated or undetermined; used by one thread only."""

    def __init__(self, rules: Sequence[Resolved]) -> None:
        self._everything = frozenset(range(len(rules)))
        self._encoding = Encoding(rules)
        self._rulesets = [_Ruleset(each) for each in plan(rules, self._encoding)]
        self._thread: int | None = None

    @property
    def proof(self) -> tuple[Bounds, ...]:
        """Worst case of each ruleset, within the bounds or it would not have been made."""
        return tuple(ruleset.bounds for ruleset in self._rulesets)

    def nominate(self, facts: Facts) -> frozenset[int]:
        """Positions of the rules whose verdict on these facts is violated or undetermined.

        Exact, but for facts that break the vocabulary's promise (a field that is always known is not, a text where a
        number should be): then all rules are nominated.
        """
        if self._thread != get_ident():
            self._claim()
        try:
            codes = self._encoding.codes(facts)
        except UnexpectedFactError:
            return self._everything
        return _NOTHING.union(*[ruleset.fired(codes) for ruleset in self._rulesets])

    def close(self) -> None:
        """Free what the C engine holds; nothing can be nominated any more."""
        if self._thread != get_ident():
            self._claim()
        while self._rulesets:
            self._rulesets.pop().close()

    def _claim(self) -> None:
        """The thread that uses it first owns it; a look at its number is all the others are kept out by."""
        if self._thread is not None:
            raise WrongThread(f"this Rete belongs to thread {self._thread}; thread {get_ident()} must make its own")
        self._thread = get_ident()


class _Ruleset:
    """One ruleset in the C engine."""

    def __init__(self, planned: Plan) -> None:
        self.bounds = planned.bounds
        self._writer = Writer(planned)
        names = {each: name_of_seen(place) for place, each in enumerate(planned.seen)}
        rules = {str(position): {"all": [{"m": definition(rule, names)}]} for position, rule in planned.rules}
        rules["-1"] = {"all": [{"m": definition(_SENTINEL, names)}]}
        self._c: Any = import_module("durable_rules_engine")
        self._handle = self._c.create_ruleset(f"gerege-{next(_NAMES)}", json.dumps(rules))
        if self._fire(f'{_ID},"{TAG}":{_SENTINEL.value}}}') != [-1]:
            raise EngineError("a new ruleset did not fire its sentinel")

    def fired(self, codes: Sequence[int]) -> list[int]:
        """Positions of the rules that fire on an event with these numbers; one that may for two reasons, twice."""
        return self._fire(f"{_TAGGED}{self._writer.members(codes)}}}")

    def _fire(self, fact: str) -> list[int]:
        handle, following = self._handle, self._c.complete_and_start_action
        result, state = self._c.assert_fact(handle, fact)
        fired: list[int] = []
        if result == _NOT_HANDLED:
            return fired
        if result != _HANDLED:
            raise EngineError(f"assert_fact answered {result}")
        _, message = self._c.start_action_for_state(handle, state)
        while message:
            fired.append(int(message[2 : message.index('"', 2)]))
            message = following(handle, state)
        self._c.retract_fact(handle, _RETRACTED)
        return fired

    def close(self) -> None:
        self._c.delete_state(self._handle, _SID)
        self._c.delete_ruleset(self._handle)
