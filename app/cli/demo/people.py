"""Persons of the demonstration: nobody real. Names are those of published specimens, numbers are drawn."""

from datetime import date, timedelta
from random import Random
from typing import Any

from app.cli.demo.places import Occasion, document
from app.vocabulary.mrz import Format, MrzFields, compose

Json = dict[str, Any]
_SPECIMENS = [each for each in document("specimens") if each["sex"] in {"F", "M"}]
_TEN_YEARS = 3652
_OFTEN_THIRD = ("UZB", "TUR", "IND", "SRB", "KGZ", "MNG")
_EU = frozenset({"LTU", "POL", "EST", "FIN", "LVA"})
_EURASIA = frozenset({"RUS", "KAZ", "BLR", "KGZ"})
_VISA_KIND = {
    "cargo": "business",
    "crew": "business",
    "tourism": "tourist",
    "private": "private",
    "business": "business",
}


def person(rng: Random, occasion: Occasion, role: str, purpose: str, nationality: str | None = None) -> Json:
    """Somebody whose papers are in order for this crossing."""
    nationality = nationality or _nationality(rng, occasion)
    day = occasion.at.date()
    names = rng.choice(_SPECIMENS)
    made: Json = {
        "role": role,
        "surname": rng.choice(_SPECIMENS)["surname"],
        "given_names": names["given_names"],
        "nationality": nationality,
        "birth_date": _day(date(1958, 1, 1) + timedelta(days=rng.randrange(46 * 365))),
        "sex": names["sex"],
        "residence": nationality,
        "document": _passport(rng, nationality, day),
        "visa": _visa(rng, nationality, occasion, purpose),
        "permits": [],
        "purpose": purpose,
        "intended_departure_on": _day(day + timedelta(days=rng.randint(1, 25))),
        "stay_extension_until": None,
        "registered_in_zone": False,
        "accompanied": False,
    }
    write_zone(made)
    return made


def write_zone(someone: Json) -> None:
    """Print the machine readable zone that belongs to the person and the passport, with its check digits."""
    paper = someone["document"]
    paper["mrz"] = list(
        compose(
            Format.TD3,
            MrzFields(
                document_code="P",
                issuer=paper["issuer"],
                surname=someone["surname"],
                given_names=someone["given_names"],
                document_number=paper["number"],
                nationality=someone["nationality"],
                birth_date=_six(someone["birth_date"]),
                sex_printed=someone["sex"],
                expiry_date=_six(paper["expires_on"]),
            ),
        )
    )


def _passport(rng: Random, issuer: str, day: date) -> Json:
    issued = day - timedelta(days=rng.randint(60, 3000))
    return {
        "kind": "passport",
        "issuer": issuer,
        "number": f"{rng.choice('CEKNP')}{rng.randrange(10**7, 10**8)}",
        "issued_on": _day(issued),
        "expires_on": _day(issued + timedelta(days=_TEN_YEARS)),
        "technical_defect": False,
    }


def _visa(rng: Random, nationality: str, occasion: Occasion, purpose: str) -> Json | None:
    """A visa where one may be needed; who needs none is let in with one too."""
    state, day = occasion.state, occasion.at.date()
    if nationality == state or any({nationality, state} <= free for free in (_EU, _EURASIA)):
        return None
    return {
        "kind": "short_stay" if state in _EU else _VISA_KIND[purpose],
        "number": str(rng.randrange(10**8, 10**9)),
        "issuer": state,
        "valid_from": _day(day - timedelta(days=rng.randint(5, 60))),
        "valid_until": _day(day + timedelta(days=rng.randint(40, 300))),
        "entries": rng.choice(["single", "multiple"]),
    }


def _nationality(rng: Random, occasion: Occasion) -> str:
    third = rng.choice(_OFTEN_THIRD)
    return rng.choices([occasion.neighbour or "CHN", occasion.state, third], [60, 34, 6])[0]


def _day(day: date) -> str:
    return day.isoformat()


def _six(day: str) -> str:
    return date.fromisoformat(day).strftime("%y%m%d")
