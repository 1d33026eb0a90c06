"""Provisions of law: `provisions/<JURISDICTION>.yaml`."""

from collections.abc import Iterator
from decimal import Decimal
from enum import StrEnum

from app.language.diagnostics import Report
from app.language.from_surface.data import entries
from app.language.from_surface.shapes import choice, items, mapping, period, shown, text, titles
from app.language.ir import Period, Provision, Sanction
from app.language.surface import Node, Scalar
from app.vocabulary.codes import Regime
from app.vocabulary.countries import STATE_CODES

# Beside the states: conventions and standards (INT) and the union of five of them (EAEU).
JURISDICTIONS = STATE_CODES | {"INT", "EAEU"}
_REQUIRED = ("act", "article", "jurisdiction", "regime", "summary", "source", "verification")


class Verification(StrEnum):
    """How the text of a provision was verified."""

    TEXT_FOUND = "text_found"
    SECONDARY_SOURCE = "secondary_source"
    MEMORY_UNVERIFIED = "memory_unverified"


def provisions(stem: str, node: Node, report: Report) -> Iterator[tuple[Scalar, Provision]]:
    """The provisions of one file with the keys they stand under; `stem` is the file's name, a jurisdiction."""
    for key, value in entries(node, f"provisions/{stem}.yaml", report):
        what = f"the provision {key.text}"
        entry = mapping(value, what, report, _REQUIRED, ("in_force", "sanctions", "note"))
        if entry is None:
            continue
        jurisdiction = text(entry.get("jurisdiction"), "jurisdiction", report) or stem
        if jurisdiction != stem and (where := entry.get("jurisdiction")):
            message = f"{what} is of {jurisdiction} and stands in the file of {stem}"
            report.error(where.at, "wrong-place", message, f"Move it to provisions/{jurisdiction}.yaml")
        if stem not in JURISDICTIONS:
            report.error(
                node.at,
                "unknown-code",
                f"{stem} is no jurisdiction",
                "Name the file after an ISO 3166 alpha-3 or ICAO code",
            )
        yield (
            key,
            Provision(
                id=key.text,
                act=text(entry.get("act"), "act", report) or "",
                article=text(entry.get("article"), "article", report) or "",
                jurisdiction=jurisdiction,
                regime=choice(entry.get("regime"), Regime, "regime", report) or "",
                summary=titles(entry.get("summary"), "summary", report),
                source=text(entry.get("source"), "source", report) or "",
                verification=choice(entry.get("verification"), Verification, "verification", report) or "",
                in_force=_in_force(entry.get("in_force"), report),
                sanctions=tuple(_sanctions(entry.get("sanctions"), report)),
                note=text(entry.get("note"), "note", report) or "",
            ),
        )


def _in_force(node: Node | None, report: Report) -> Period:
    entry = mapping(node, "in_force", report, (), ("from", "until")) if node else None
    return period(entry, "in_force", report) or Period()


def _sanctions(node: Node | None, report: Report) -> Iterator[Sanction]:
    for item in items(node, "sanctions", report):
        entry = mapping(item, "a sanction", report, ("subject_class",), ("min", "max", "unit", "note"))
        if entry is None:
            continue
        low, high = _amount(entry.get("min"), "min", report), _amount(entry.get("max"), "max", report)
        if low is not None and high is not None and low > high:
            report.error(
                item.at, "reversed-between", f"the least sanction, {low}, is above the most, {high}", "Swap them"
            )
        yield Sanction(
            text(entry.get("subject_class"), "subject_class", report) or "",
            text(entry.get("unit"), "unit", report),
            low,
            high,
            text(entry.get("note"), "note", report) or "",
        )


def _amount(node: Node | None, what: str, report: Report) -> int | Decimal | None:
    if node is None:
        return None
    if isinstance(node, Scalar) and isinstance(node.value, (int, Decimal)) and not isinstance(node.value, bool):
        return node.value
    report.error(
        node.at, "wrong-type", f"{what} is a number, not {shown(node)}", "Leave it out if the source does not give it"
    )
    return None
