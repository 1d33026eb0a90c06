"""A record in the words of a language: plain texts by their place in `record.typ`."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any, Final

from babel.core import UnknownLocaleError
from babel.dates import format_date
from babel.numbers import UnknownCurrencyError, format_currency, format_decimal, validate_currency

from app.crossings.records import named
from app.documents import labels
from app.documents.conditions import deciding
from app.documents.labels import SIGNATURES, WORDS, Language
from app.documents.record import Record
from app.evaluation.explaining import Json, law
from app.evaluation.sanctions import concerning
from app.facts.reference_data import Checkpoint
from app.language.ir import Operator, Rule, Version
from app.violations.records import JUDGE_AGAIN, Change
from app.violations.workflow import FALLEN
from app.vocabulary.codes import Ground, ViolationStatus
from app.vocabulary.fields import Field, FieldType, catalogue

_LOCALE: Final[Mapping[Language, str]] = {Language.EN: "en_GB", Language.RU: "ru_RU", Language.ZH: "zh_Hans_CN"}
# So many conditions fill two pages; the explanation of the violation has them all.
_MOST: Final = 60
_UNBROKEN: Final = re.compile(r"(\S{24})(?=\S)")


def worded(record: Record, language: Language) -> dict[str, Any]:
    """All texts of the record."""
    return _Wording(record, language).all()


class _Wording:
    def __init__(self, record: Record, language: Language) -> None:
        self._record, self._language = record, language
        self._violation = record.detail.listed.violation
        self._fields = _fields(record)

    def all(self) -> dict[str, Any]:
        violation, word = self._violation, self._word
        told: dict[str, Any] = {
            "language": self._language.value,
            "words": {name: texts[self._language] for name, texts in WORDS.items()},
            "title": word("title"),
            "rule_title": self._rule_title(),
            "sentence": word("sentence").format(
                subject=self._subject(),
                rule=f"{violation.rule} “{self._rule_title()}”",
                checkpoint=self._place(),
                time=self._at(violation.occurred_at),
            ),
            "standing": self._standing(),
            "what": list(self._what()),
            "conditions": [self._group("applies"), self._group("holds")],
            **self._law(),
            "timeline": [self._done(each) for each in self._record.state.told],
            "signatures": [each[self._language] for each in SIGNATURES],
            "code": self._record.code,
            "how_to_check": word("how_to_check").format(code=self._record.code, violation=violation.id),
            "footer": f"{violation.id} · {self._record.code}",
            "page": word("page"),
        }
        return {
            name: value if name in {"language", "page", "code"} else _breakable(value) for name, value in told.items()
        }

    # --- what happened --------------------------------------------------------------------------------------

    def _what(self) -> Iterator[tuple[str, str]]:
        violation, listed, state = self._violation, self._record.detail.listed, self._record.state
        none = self._word("none")
        crossed = labels.DIRECTION[violation.direction], labels.MODE[violation.mode]
        yield self._word("violation"), violation.id
        yield self._word("crossing"), violation.crossing
        yield self._word("event"), f"{listed.violation.event_id} ({listed.source})"
        yield self._word("checkpoint"), self._place()
        yield self._word("time"), self._at(violation.occurred_at)
        yield self._word("crossed"), ", ".join(each[self._language] for each in crossed)
        yield self._word("subject"), self._subject()
        yield from self._named()
        yield self._word("rule"), f"{violation.rule}, {labels.REGIME[violation.regime][self._language]}"
        yield self._word("severity"), labels.SEVERITY[violation.severity][self._language]
        yield self._word("rulebook"), self._record.detail.rulebook
        yield self._word("status"), labels.STATUS[state.status][self._language]
        yield self._word("outcome"), labels.OUTCOME[state.outcome][self._language] if state.outcome else none
        yield self._word("protocol"), state.protocol or none

    def _subject(self) -> str:
        violation = self._violation
        role = self._record.detail.facts.get("subject.role")
        known = [labels.KIND[violation.subject_kind][self._language]]
        known += [labels.ROLE[role][self._language]] if role in labels.ROLE else []
        return f"{', '.join(known)} ({violation.subject_key or self._word('no_key')})"

    def _named(self) -> Iterator[tuple[str, str]]:
        said = self._record.said
        if name := named(said):
            yield self._word("name"), name
        if said.get("birth_date"):
            yield self._word("born"), self._day(date.fromisoformat(said["birth_date"]))
        if said.get("nationality"):
            yield self._word("nationality"), said["nationality"]

    def _place(self) -> str:
        found = self._checkpoint()
        return f"{self._violation.checkpoint} ({found.name})" if found else self._violation.checkpoint

    def _standing(self) -> str:
        state = self._record.state
        if state.status is ViolationStatus.SUPERSEDED:
            return self._word("superseded")
        outcome = labels.OUTCOME[state.outcome][self._language] if state.outcome else None
        told = self._word("decided").format(outcome=outcome) if outcome else self._word("undecided")
        if state.outcome in FALLEN:
            told = f"{told} {self._word('fallen')}"
        return f"{told} {self._word('review')}" if state.needs_review else told

    # --- why ------------------------------------------------------------------------------------------------

    def _group(self, name: str) -> dict[str, Any]:
        found = list(deciding(self._record.detail.explanation[name]))
        rows = list(dict.fromkeys(self._condition(each) for each in found))
        more = len(rows) - _MOST
        told = self._word("left_out").format(count=more, violation=self._violation.id) if more > 0 else ""
        heading = self._word("applies" if name == "applies" else "broken")
        return {"heading": heading, "rows": rows[:_MOST], "left_out": told}

    def _condition(self, node: Json) -> tuple[str, str, str, str]:
        truth = {"true": "yes", "false": "no"}.get(node["truth"], "unknown")
        label, field = self._label(node["field"]), self._fields.get(node["field"])
        if node["condition"] == "leaf":
            value = self._word("unknown") if node.get("unknown") else self._value(node["value"], field)
            operator = labels.OPERATOR[Operator(node["operator"])][self._language]
            asked = operator.format(*(self._operand(each, field) for each in node["operands"]))
        else:
            value = self._word("records").format(count=node.get("records", 0))
            asked = labels.QUANTIFIER[node["condition"]][self._language]
        return label, value, asked, self._word(truth)

    def _operand(self, operand: Json, field: Field | None) -> str:
        if "members" in operand:
            return f"{operand['name']} ({self._word('members').format(count=operand['members'])})"
        value = self._word("unknown") if operand.get("unknown") else self._value(operand["value"], field)
        name = self._label(operand["field"]) if "field" in operand else operand.get("name")
        offset = f" {operand['offset']}" if "offset" in operand else ""
        return f"{name}{offset} ({value})" if name else value

    def _label(self, path: str) -> str:
        field = self._fields.get(path)
        return str(field.labels.get(self._language) or field.labels["en"]) if field else path

    def _value(self, value: Any, field: Field | None) -> str:  # noqa: ANN401 (any fact)
        match value:
            case None | []:
                return self._word("none")
            case bool():
                return self._word("yes" if value else "no")
            case list():
                return ", ".join(self._value(each, field) for each in value)
            case int() | float():
                return str(format_decimal(value, locale=_LOCALE[self._language]))
            case str() if field and field.type is FieldType.DATE:
                return self._day(date.fromisoformat(value))
            case str() if field and field.type is FieldType.INSTANT:
                return self._at(datetime.fromisoformat(value))
            case _:
                known = labels.CODES.get(field.path, {}).get(value) if field else None
                return known[self._language] if known else str(value)

    # --- law ------------------------------------------------------------------------------------------------

    def _law(self) -> dict[str, Any]:
        in_force, violation = self._record.in_force, self._violation
        version = _version(self._record)
        if in_force is None or version is None:
            basis = self._record.detail.explanation["basis"]
            articles = "; ".join(self._article(each) for each in basis)
            said = {"article": self._word("no_law").format(articles=articles), "summary": "", "source": ""}
            return {"law": [said], "sanctions": [], "sanction_article": ""}
        told = law(version, in_force.rulebook)
        sanction = told["sanction"]
        jurisdiction = in_force.rulebook.provisions[sanction["provision"]].jurisdiction if sanction else ""
        facts = self._record.detail.facts
        every = sanction["sanctions"] if sanction else []
        # Where none is for its class for certain, the reader is shown all there are.
        rows = concerning(every, violation.subject_kind, jurisdiction, facts) or every
        return {
            "law": [self._provision(each) for each in told["basis"]],
            "sanction_article": self._article(sanction) if sanction else "",
            "sanctions": [self._sanction(each) for each in rows],
        }

    def _provision(self, found: Json) -> dict[str, str]:
        verification = labels.VERIFICATION.get(found["verification"])
        told = verification[self._language] if verification else found["verification"]
        summary = found["summary"]
        return {
            "article": self._article(found),
            "summary": summary.get(self._language) or summary.get("en", ""),
            "source": self._word("source").format(source=found["source"], verification=told),
        }

    def _article(self, found: Json) -> str:
        return self._word("article").format(act=found["act"], article=found["article"])

    def _sanction(self, found: Mapping[str, Any]) -> tuple[str, str, str]:
        known = labels.CLASS.get(found["subject_class"])
        name = known[self._language] if known else found["subject_class"].replace("_", " ")
        least, most, unit = found.get("min"), found.get("max"), found.get("unit", "")
        if least is None and most is None:
            told = self._word("no_amount")
        elif least is None:
            told = self._word("at_most").format(most=self._amount(most, unit))
        elif most is None:
            told = self._word("at_least").format(least=self._amount(least, unit))
        else:
            told = f"{self._amount(least, unit)} – {self._amount(most, unit)}"
        return name, told, found.get("note", "")

    def _amount(self, amount: Any, unit: str) -> str:  # noqa: ANN401 (a number, or text)
        if not isinstance(amount, int | float):
            return f"{amount} {unit}".strip()
        locale = _LOCALE[self._language]
        try:
            validate_currency(unit, locale)
        except (UnknownCurrencyError, UnknownLocaleError):
            return f"{format_decimal(amount, locale=locale)} {unit}".strip()
        return str(format_currency(amount, unit, locale=locale, format="#,##0.## ¤¤", currency_digits=False))

    # --- what was done --------------------------------------------------------------------------------------

    def _done(self, change: Change) -> tuple[str, str, str, str]:
        detail = change.detail
        more: list[str] = []
        if "ground" in detail:
            more.append(self._word("ground").format(ground=labels.GROUND[Ground(detail["ground"])][self._language]))
        if "measure" in detail:
            more.append(f"{self._word('measure')}: {detail['measure']}")
        if "protocol" in detail:
            more.append(f"{self._word('protocol')}: {detail['protocol']}")
        if "reply_by" in detail:
            more.append(self._word("reply_by").format(day=self._day(date.fromisoformat(detail["reply_by"]))))
        name = self._record.names.get(change.actor)
        by = name or (self._word("engine") if change.action == JUDGE_AGAIN else change.actor)
        reason = "\n".join(filter(None, (change.reason, *more)))
        return self._at(change.at), by, labels.ACTION[change.action][self._language], reason

    # --- parts ----------------------------------------------------------------------------------------------

    def _word(self, name: str) -> str:
        return WORDS[name][self._language]

    def _rule_title(self) -> str:
        rule = _rule(self._record)
        return (rule.title.get(self._language) or rule.title.get("en", "")) if rule else self._violation.rule

    def _checkpoint(self) -> Checkpoint | None:
        in_force = self._record.in_force
        return in_force.reference.checkpoints.get(self._violation.checkpoint) if in_force else None

    def _day(self, day: date) -> str:
        return str(format_date(day, "long", locale=_LOCALE[self._language]))

    def _at(self, at: datetime) -> str:
        """By the clock of the checkpoint, with its distance from UTC."""
        found = self._checkpoint()
        local = at.astimezone(found.time_zone if found else UTC)
        offset = local.strftime("%z")
        return f"{self._day(local.date())}, {local:%H:%M} (UTC{offset[:3]}:{offset[3:]})"


def _rule(record: Record) -> Rule | None:
    return record.in_force.rulebook.rules.get(record.detail.listed.violation.rule) if record.in_force else None


def _version(record: Record) -> Version | None:
    rule = _rule(record)
    return rule.version_on(record.detail.listed.violation.local_date) if rule else None


def _fields(record: Record) -> Mapping[str, Field]:
    kind = record.detail.listed.violation.subject_kind
    return record.in_force.rulebook.fields(kind) if record.in_force else catalogue(kind)


def _breakable(value: Any) -> Any:  # noqa: ANN401 (texts in lists and mappings)
    """With a place to break a line in what has no spaces: addresses, digests, and what somebody means to break it."""
    match value:
        case str():
            return _UNBROKEN.sub("\\1\u200b", value)
        case Mapping():
            return {name: _breakable(each) for name, each in value.items()}
        case _:
            return [_breakable(each) for each in value]
