"""The event the HTTP benchmark sends: a truck with its driver and carrier; in one of five the driver has no visa."""

from typing import Any

_PAPERS = [
    {
        "kind": "road_permit",
        "territory": "RUS",
        "carriage": "bilateral",
        "valid_from": "2026-01-01",
        "valid_until": "2026-12-31",
    },
    {"kind": "cmr_consignment_note"},
]
EVENT: dict[str, Any] = {
    "id": "bench",
    "source": "rus-bench",
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
            "nationality": "MNG",
            "birth_date": "1990-04-02",
            "sex": "F",
            "residence": "MNG",
            "document": {
                "kind": "passport",
                "issuer": "MNG",
                "number": "E12345678",
                "issued_on": "2020-01-01",
                "expires_on": "2030-01-01",
                "mrz": None,
            },
            "visa": None,
            "permits": _PAPERS,
            "purpose": "cargo",
            "intended_departure_on": "2026-03-05",
            "stay_extension_until": None,
            "accompanied": False,
        }
    ],
    "organizations": [
        {
            "role": "carrier",
            "name": "Steppe Carriage",
            "country": "CHN",
            "identifiers": {"cn_uscc": "91110000600037341L"},
            "permits": _PAPERS,
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
    "cargo": [{"hs": "870899", "net_weight_kg": 12000, "un_number": None, "declared": True, "documented": True}],
    "observations": [],
}

_DRIVER: dict[str, Any] = EVENT["persons"][0]
WITHOUT_VISA: dict[str, Any] = EVENT | {
    "persons": [_DRIVER | {"nationality": "IND", "document": _DRIVER["document"] | {"issuer": "IND"}}]
}


def event(number: int, run: str = "") -> dict[str, Any]:
    """The event of that number in a run: of another person each, as at a checkpoint."""
    made = WITHOUT_VISA if number % 5 == 0 else EVENT
    driver = made["persons"][0]
    document = driver["document"] | {"number": f"E{run[:6]}{number:06}"}
    return made | {"persons": [driver | {"surname": f"ERIKSSON {_word(number)}", "document": document}]}


def _word(number: int) -> str:
    """Names hold no digits that matter."""
    return str(number).translate(str.maketrans("0123456789", "ABCDEFGHIJ"))
