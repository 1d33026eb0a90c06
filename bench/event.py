"""The events sent over HTTP: a truck with its driver and carrier; in one of five the driver has no visa."""

from datetime import datetime, timedelta
from typing import Any

from stdnum.cn import uscc

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
_FIRST = datetime.fromisoformat(EVENT["occurred_at"])
# A company that sends all trucks would be one with a history that none has.
_CARRIERS = [
    EVENT["organizations"][0]
    | {"name": f"Carriage {number}", "identifiers": {"cn_uscc": register + uscc.calc_check_digit(register)}}
    for number, register in ((number, f"91110000{number:09}") for number in range(2000))
]


def event(number: int, run: str = "") -> dict[str, Any]:
    """The event of that number in a run: of another person each, of one of 2,000 carriers, a second after the last."""
    return crossing(number, f"{run[:6]}{number:06}", timedelta(seconds=number)) | {"id": f"{run}-{number}"}


def crossing(number: int, document: str, after: timedelta) -> dict[str, Any]:
    """The event of that number, of whoever has the document of that number; one in five persons needs a visa."""
    made = WITHOUT_VISA if int(document[-6:]) % 5 == 0 else EVENT
    driver = made["persons"][0]
    named = {
        "surname": f"ERIKSSON {document.translate(_LETTERS)}",
        "document": driver["document"] | {"number": f"E{document}"},
    }
    return made | {
        "occurred_at": (_FIRST + after).isoformat(),
        "persons": [driver | named],
        "organizations": [_CARRIERS[number % len(_CARRIERS)]],
    }


# Names hold no digits that matter.
_LETTERS = str.maketrans("0123456789", "ABCDEFGHIJ")
