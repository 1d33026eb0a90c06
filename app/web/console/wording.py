"""Facts and conditions in words: names of fields, values as people write them, and the tree of an explanation.

explanation (JSON, app.evaluation.explaining) -> Branch, which a template draws
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, tzinfo
from decimal import Decimal
from typing import Any, Final

from app.evaluation.explaining import Json
from app.language.ir import Rulebook
from app.vocabulary.codes import SubjectKind
from app.vocabulary.countries import COUNTRIES
from app.vocabulary.countries import name as country_in_english
from app.vocabulary.fields import Field, FieldType, catalogue
from app.web.console import codes
from app.web.console.codes import CODES, OPERATORS
from app.web.console.languages import Language, marked
from app.web.looking import titles_of_definitions

_SHOWN: Final = 6
_YES, _NO, _NONE, _NOT_SAID = marked("yes"), marked("no"), marked("none"), marked("not said")
_GIVEN, _NOT_GIVEN, _MORE = marked("is given"), marked("is not given"), marked("and %(number)s more")
_ALL, _ANY, _NOT = marked("All of these:"), marked("At least one of these:"), marked("Not this:")
_ALWAYS = marked("always")
_INSTEAD = marked("%(fact)s – the rule asks: %(asked)s")
_QUANTIFIED: Final = {
    "some": marked("%(field)s: at least one is such that"),
    "every": marked("%(field)s: each is such that"),
    "none": marked("%(field)s: none is such that"),
}
_THERE_ARE_NONE = marked("there are none")
_ENTRY = marked("Entry %(number)s")


@dataclass(frozen=True, slots=True)
class Branch:
    """A node of the tree: what was asked, its `truth` (true, false, unknown), and of a leaf what was `found`.

    `open` is false where it may be folded away: nothing below it decided anything.
    """

    truth: str
    asked: str
    found: str
    parts: tuple["Branch", ...]
    open: bool


@dataclass(frozen=True, slots=True)
class Words:
    """Says facts of one kind of subject in one language, at a checkpoint's time."""

    language: Language
    kind: SubjectKind
    rulebook: Rulebook | None
    zone: tzinfo

    @property
    def fields(self) -> Mapping[str, Field]:
        return self.rulebook.fields(self.kind) if self.rulebook else catalogue(self.kind)

    def field(self, path: str) -> str:
        known = self.fields.get(path)
        return self.language.text(known.labels) if known else path

    def value(self, path: str, value: Any) -> str:  # noqa: ANN401 (any fact)
        """A fact as people write it."""
        say, known = self.language.say, self.fields.get(path)
        match value:
            case None:
                return say(_NONE)
            case bool():
                return say(_YES if value else _NO)
            case list() | tuple():
                shown = [self.value(path, each) for each in value[:_SHOWN]]
                more = len(value) - len(shown)
                return self.language.listed([*shown, *([say(_MORE) % {"number": more}] if more else [])]) or say(_NONE)
            case int() | float() | Decimal():
                return self.language.measured(value, known.unit if known else None)
            case dict():
                return self.language.listed([f"{self.code(name)} {each}" for name, each in value.items()])
            case _:
                return self._text(known, str(value))

    def _text(self, known: Field | None, value: str) -> str:
        if known and known.type is FieldType.DATE:
            return self.language.day(date.fromisoformat(value))
        if known and known.type is FieldType.INSTANT:
            return self.language.instant(datetime.fromisoformat(value), self.zone)
        return self.code(value) if known and (known.codes or known.type is FieldType.TEXTS) else value

    def code(self, code: str) -> str:
        """A code by its name: of a list of the vocabulary, or of a state."""
        if code in CODES:
            return self.language.say(CODES[code])
        if code in COUNTRIES:
            named = self.language.locale.territories.get(COUNTRIES[code].iso2)
            return f"{named} ({code})" if named else code
        meaning = country_in_english(code)
        return f"{meaning} ({code})" if meaning else code.replace("_", " ")

    def unit(self, unit: str) -> str:
        return codes.unit(unit, self.language)

    def tree(self, node: Json) -> Branch:
        """The whole tree; of one that does not hold, what decided that is open."""
        return replace(self._branch(node, "", "false"), open=True)

    def decisive(self, node: Json) -> list[str]:
        """Each leaf that made the whole what it is, in a line."""
        # What other rules found decides something, but says nothing to a reader.
        told = (each for each in _decisive(node) if "field" in each and not each["field"].startswith("findings"))
        return list(dict.fromkeys(map(self._told, told)))

    def _told(self, node: Json) -> str:
        if node["condition"] != "leaf":
            return f"{self.field(node['field'])}: {self._counted(node)}"
        fact = f"{self.field(node['field'])}: {self._found(node)}"
        if node["truth"] == "true":
            return fact
        return self.language.say(_INSTEAD) % {"fact": fact, "asked": self._asked(node).removeprefix("— ")}

    def _branch(self, node: Json, name: str, deciding: str) -> Branch:
        found, inner = "", _below(node, deciding)
        parts = [self._branch(part, "", inner) for part in node.get("parts", ())]
        match node["condition"]:
            case "leaf":
                found = self._found(node)
                asked = f"{self.field(node['field'])} {self._asked(node)}"
            case "definition":
                titles = titles_of_definitions(self.rulebook) if self.rulebook else {}
                asked = self.language.text(titles.get(node["name"], {})) or node["name"].replace("_", " ")
            case "all" | "any" | "not" as kind:
                asked = self.language.say({"all": _ALL, "any": _ANY, "not": _NOT}[kind] if parts else _ALWAYS)
            case quantifier:
                asked = self.language.say(_QUANTIFIED[quantifier]) % {"field": self.field(node["field"])}
                found = self._counted(node)
                parts = [
                    self._branch(part, self.language.say(_ENTRY) % {"number": number}, inner)
                    for number, part in enumerate(node.get("parts", ()), 1)
                ]
        if name and node["condition"] in {"all", "any"}:
            asked = f"{name}. {asked}"
        elif name:
            parts, found, asked = [Branch(node["truth"], asked, found, tuple(parts), open=True)], "", name
        return Branch(node["truth"], asked, found, tuple(parts), node["truth"] in {deciding, "unknown"})

    def _asked(self, node: Json) -> str:
        say, operator = self.language.say, node["operator"]
        if operator in {"present", "empty"}:
            wanted = node["operands"][0].get("value", True) is (operator == "present")
            return say(_GIVEN if wanted else _NOT_GIVEN)
        operands = " – ".join(self._operand(node["field"], each) for each in node["operands"])
        return f"{say(OPERATORS[operator])} {operands}"

    def _operand(self, path: str, operand: Json) -> str:
        known = operand.get("unknown") or "value" not in operand
        value = "" if known else self.value(path, operand["value"])
        if "field" in operand:
            named = self.field(operand["field"]) + (f" {operand['offset']}" if "offset" in operand else "")
            return f"{named} ({value or self.language.say(_NOT_SAID)})"
        if "name" in operand:
            named = self._named(operand["name"])
            return f"{named} ({value})" if value else named
        return value or self.language.say(_NOT_SAID)

    def _named(self, name: str) -> str:
        """A list or parameter of the rulebook by its title."""
        bare = name.partition(".")[2] or name
        known = (self.rulebook.lists.get(bare) or self.rulebook.parameters.get(bare)) if self.rulebook else None
        return f"“{self.language.text(known.title)}”" if known else bare.replace("_", " ")

    def _found(self, node: Json) -> str:
        if not node.get("unknown"):
            return self.value(node["field"], node["value"])
        said = self.language.say(_NOT_SAID)
        if "reason" in node:
            day = f", {self.language.day(date.fromisoformat(node['day']))}" if "day" in node else ""
            return f"{said}: {self.code(node['reason'])}{day}"
        return said

    def _counted(self, node: Json) -> str:
        if node.get("unknown"):
            return self.language.say(_NOT_SAID)
        return "" if node.get("parts") else self.language.say(_THERE_ARE_NONE)


def _decisive(node: Json) -> Iterator[Json]:
    """The leaves, or lists without entries, that make a node what it is."""
    parts, truth = node.get("parts", ()), node["truth"]
    if not parts:
        yield node
        return
    for part in parts:
        if part["truth"] == _below(node, truth):
            yield from _decisive(part)


def _below(node: Json, truth: str) -> str:
    """Which truth of its parts makes a node have this one."""
    opposite = {"true": "false", "false": "true", "unknown": "unknown"}
    return opposite[truth] if node["condition"] in {"not", "none"} else truth
