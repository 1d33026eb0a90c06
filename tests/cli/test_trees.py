"""Explanations on a terminal: of a long list of records, those that tell something are shown."""

from typing import Any

import pytest
from rich.console import Console

from app.cli.trees import tree


def _leaf(field: str, wanted: str, value: str) -> dict[str, Any]:
    return {
        "truth": str(value == wanted).lower(),
        "condition": "leaf",
        "text": f"{field} is {wanted}",
        "field": field,
        "operator": "is",
        "operands": [{"value": wanted}],
        "value": value,
    }


def _permit(kind: str, issuer: str) -> dict[str, Any]:
    leaves = [_leaf("permits.kind", "zone_pass", kind), _leaf("permits.issuer", "RUS", issuer)]
    holds = all(leaf["truth"] == "true" for leaf in leaves)
    return {"truth": str(holds).lower(), "condition": "all", "parts": leaves}


def _printed(truth: str, quantifier: str, permits: list[dict[str, Any]]) -> str:
    console = Console(width=120)
    root = {"truth": truth, "condition": quantifier, "field": "permits", "parts": permits}
    with console.capture() as capture:
        console.print(tree("and requires that", root))
    return capture.get()


OTHERS = [_permit("residence_permit", "RUS") for _ in range(40)]


@pytest.mark.parametrize(
    ("truth", "quantifier", "telling"),
    [
        ("true", "some", _permit("zone_pass", "RUS")),
        ("false", "none", _permit("zone_pass", "RUS")),
        ("false", "some", _permit("zone_pass", "BLR")),
    ],
)
def test_the_record_that_decides_or_comes_nearest_is_shown_first_among_many(
    truth: str, quantifier: str, telling: dict[str, Any]
) -> None:
    printed = _printed(truth, quantifier, [*OTHERS, telling])
    first = printed[printed.index("permits.kind") :]
    assert first.startswith("permits.kind is zone_pass  — is zone_pass")
    assert "more" in printed
    assert len(printed.splitlines()) < 20


def test_all_records_of_a_short_list_are_shown() -> None:
    printed = _printed("false", "some", [_permit("zone_pass", "BLR"), _permit("residence_permit", "RUS")])
    assert printed.count("permits.kind is zone_pass") == 2
    assert "more" not in printed


def test_a_list_without_records_says_so() -> None:
    assert "some of permits: there are none" in _printed("false", "some", [])
