"""Valid wire events to change in tests. People are synthetic; MRZ lines are composed or published specimens."""

import copy
from typing import Any

import orjson

from app.vocabulary.wire import Crossing

OMIT = object()
"""As a value in `changes`: leave the member out."""

EVENT: dict[str, Any] = {
    "id": "ZBK-2026-000123",
    "source": "rus-zabaykalsk-lane-3",
    "occurred_at": "2026-03-01T09:15:00+09:00",
    "checkpoint": "RUS-ZABAYKALSK",
    "direction": "entry",
    "mode": "road",
    "area": None,
    "in_border_strip": False,
    "persons": [
        {
            "role": "driver",
            "surname": "ERIKSSON",
            "given_names": "ANNA MARIA",
            "nationality": "CHN",
            "birth_date": "1990-04-02",
            "sex": "F",
            "residence": "CHN",
            "document": {
                "kind": "passport",
                "issuer": "CHN",
                "number": "E12345678",
                "issued_on": "2020-01-01",
                "expires_on": "2030-01-01",
                "mrz": None,
                "technical_defect": False,
            },
            "visa": {
                "kind": "business",
                "number": "V1",
                "issuer": "RUS",
                "valid_from": "2026-01-01",
                "valid_until": "2026-12-31",
                "entries": "multiple",
            },
            "permits": [],
            "purpose": "cargo",
            "intended_departure_on": "2026-03-05",
            "stay_extension_until": None,
            "registered_in_zone": False,
            "accompanied": False,
        }
    ],
    "organizations": [
        {
            "role": "carrier",
            "name": "Steppe Carriage",
            "country": "CHN",
            "identifiers": {"cn_uscc": "91110000600037341L"},
            "permits": [],
        }
    ],
    "vehicle": {
        "plate": "A123BC",
        "country": "CHN",
        "kind": "truck",
        "carriage": "bilateral",
        "distinguishing_sign": "CHN",
        "gross_weight_kg": 38000,
        "containers": [],
    },
    "cargo": [],
    "observations": [],
}


def event(**changes: object) -> dict[str, Any]:
    """A complete event; a keyword `persons__0__document__expires_on` replaces that member, OMIT leaves it out."""
    made = copy.deepcopy(EVENT)
    for path, value in changes.items():
        *parents, last = path.split("__")
        where: Any = made
        for name in parents:
            where = where[int(name) if name.isdecimal() else name]
        key = int(last) if last.isdecimal() else last
        if value is OMIT:
            del where[key]
        else:
            where[key] = value
    return made


def crossing(**changes: object) -> Crossing:
    """The same, read as the service reads it."""
    return Crossing.model_validate_json(orjson.dumps(event(**changes)))
