"""What goes wrong in some of the crossings: a fault in a paper, a thing or conduct, or a member left out.

Each fault says whether it fits the crossing it is given, and changes it if so.
"""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from random import Random

from app.cli.demo.people import Json, write_zone
from app.cli.demo.places import document

Fault = Callable[[Random, Json], bool]


def one(rng: Random, event: Json) -> None:
    """Put in one fault, drawn from those that fit."""
    _first_that_fits(FAULTS, rng, event)


def omission(rng: Random, event: Json) -> None:
    """Leave out one member that may matter."""
    _first_that_fits(OMISSIONS, rng, event)


def _first_that_fits(faults: Mapping[Fault, float], rng: Random, event: Json) -> None:
    # A race of exponential times: each fault comes first as often as its weight says.
    order = sorted(faults, key=lambda fault: rng.expovariate(faults[fault]))
    any(fault(rng, event) for fault in order)


def _day(event: Json, days: int = 0) -> str:
    return (date.fromisoformat(event["occurred_at"][:10]) + timedelta(days=days)).isoformat()


def _crosses(event: Json, direction: str | None = None) -> bool:
    return event["direction"] in ({direction} if direction else {"entry", "exit"})


def _state(event: Json) -> str:
    return str(event["checkpoint"][:3])


def _foreigner(rng: Random, event: Json) -> Json | None:
    foreign = [each for each in event["persons"] if each["nationality"] != _state(event)]
    return rng.choice(foreign) if foreign else None


# --- papers of persons -----------------------------------------------------------------------------------------------


def _expired_passport(rng: Random, event: Json) -> bool:
    someone = _foreigner(rng, event)
    if someone is None or not _crosses(event):
        return False
    ran_out = rng.randint(1, 200)
    someone["document"] |= {"issued_on": _day(event, -ran_out - 3652), "expires_on": _day(event, -ran_out)}
    write_zone(someone)
    return True


def _passport_ends_soon(rng: Random, event: Json) -> bool:
    someone = _foreigner(rng, event)
    if someone is None or not _crosses(event, "entry"):
        return False
    left = rng.randint(30, 80)
    someone["document"] |= {"issued_on": _day(event, left - 3652), "expires_on": _day(event, left)}
    write_zone(someone)
    return True


def _no_passport(rng: Random, event: Json) -> bool:
    someone = _foreigner(rng, event)
    if someone is None or not _crosses(event, "entry"):
        return False
    someone["document"] = None
    return True


def _specimen_shown(rng: Random, event: Json) -> bool:
    """Shows a specimen that is printed in public: its zone is right, and its day is long past."""
    someone = _foreigner(rng, event)
    if someone is None or not _crosses(event, "entry"):
        return False
    lines = rng.choice([each["lines"] for each in document("specimens") if each["format"] == "TD3"])
    someone["document"] = {"mrz": lines, "issued_on": None, "technical_defect": False}
    for name in ("surname", "given_names", "nationality", "birth_date", "sex"):
        del someone[name]
    return True


def _no_visa(rng: Random, event: Json) -> bool:
    someone = _foreigner(rng, event)
    if someone is None or not someone["visa"] or not _crosses(event, "entry"):
        return False
    someone["visa"] = None
    return True


def _visa_ran_out(rng: Random, event: Json) -> bool:
    someone = _foreigner(rng, event)
    if someone is None or not someone["visa"] or not _crosses(event):
        return False
    someone["visa"] |= {"valid_from": _day(event, -120), "valid_until": _day(event, -rng.randint(1, 40))}
    return True


def _damaged_zone(rng: Random, event: Json) -> bool:
    """One digit of the expiry date's check was misread or altered."""
    lines = rng.choice(event["persons"])["document"]["mrz"]
    at = 27
    lines[1] = lines[1][:at] + str((int(lines[1][at]) + rng.randint(1, 9)) % 10) + lines[1][at + 1 :]
    return True


def _other_number(rng: Random, event: Json) -> bool:
    paper = rng.choice(event["persons"])["document"]
    paper["number"] = paper["number"][::-1]
    return True


def _no_zone_pass(rng: Random, event: Json) -> bool:
    if _crosses(event):
        return False
    someone = rng.choice(event["persons"])
    someone["permits"] = []
    for organizer in event["organizations"]:
        organizer["permits"] = []
    return True


def _no_adr_certificate(rng: Random, event: Json) -> bool:
    del rng
    if event["mode"] != "road" or not any(line["un_number"] for line in event["cargo"]):
        return False
    driver = event["persons"][0]
    driver["permits"] = [each for each in driver["permits"] if each["kind"] != "adr_driver_certificate"]
    return True


# --- conduct ---------------------------------------------------------------------------------------------------------

_CONDUCT = {
    "RUS": ("moved_without_permission", "alighted_without_permission", "left_route", "compartment_refused"),
    "KAZ": ("stopped_outside_place", "boarded_without_permission", "moved_without_permission"),
    "BLR": ("money_in_documents", "recording_where_barred", "explanation_refused", "restricted_item_not_declared"),
    "CHN": ("control_bypassed",),
}


def _conduct(rng: Random, event: Json) -> bool:
    kinds = _CONDUCT.get(_state(event))
    if not kinds:
        return False
    event["observations"] = [{"kind": rng.choice(kinds), "at": event["occurred_at"], "person": 0}]
    return True


def _hidden_person(rng: Random, event: Json) -> bool:
    if not event["organizations"] or not event["vehicle"]:
        return False
    kind = rng.choice(["person_concealed", "undeclared_person_aboard"])
    event["observations"] = [{"kind": kind, "at": event["occurred_at"], "organization": 0}]
    return True


# --- carriers, vehicles, cargo ---------------------------------------------------------------------------------------


def _wrong_register_number(rng: Random, event: Json) -> bool:
    del rng
    return any(_damage(numbers) for numbers in (each["identifiers"] for each in event["organizations"]))


def _damage(numbers: dict[str, str]) -> bool:
    """Change the last digit, which every one of these checks is sure to notice."""
    scheme, number = next(iter(numbers.items()))
    at = max(place for place, character in enumerate(number) if character.isdecimal())
    numbers[scheme] = f"{number[:at]}{(int(number[at]) + 1) % 10}{number[at + 1 :]}"
    return True


def _wrong_container(rng: Random, event: Json) -> bool:
    del rng
    if not (event["vehicle"] and event["vehicle"]["containers"]):
        return False
    number = event["vehicle"]["containers"][0]
    event["vehicle"]["containers"][0] = f"{number[:-1]}{(int(number[-1]) + 1) % 10}"
    return True


def _withdrawn_un_number(rng: Random, event: Json) -> bool:
    if event["mode"] != "road" or not any(line["un_number"] for line in event["cargo"]):
        return False
    event["cargo"][0]["un_number"] = rng.choice(["1270", "1271", "3002"])
    return True


def _undocumented_cargo(rng: Random, event: Json) -> bool:
    return _cargo_said_to_be(rng, event, "documented")


def _undeclared_cargo(rng: Random, event: Json) -> bool:
    return _cargo_said_to_be(rng, event, "declared")


def _cargo_said_to_be(rng: Random, event: Json, member: str) -> bool:
    if not event["cargo"]:
        return False
    rng.choice(event["cargo"])[member] = False
    return True


def _without_a_paper(kind: str) -> Fault:
    def fault(rng: Random, event: Json) -> bool:
        del rng
        bearers = [*event["persons"], *event["organizations"]]
        if not any(each["kind"] == kind for bearer in bearers for each in bearer["permits"]):
            return False
        for bearer in bearers:
            bearer["permits"] = [each for each in bearer["permits"] if each["kind"] != kind]
        return True

    return fault


def _no_sign(rng: Random, event: Json) -> bool:
    del rng
    if event["mode"] != "road" or not event["vehicle"]:
        return False
    event["vehicle"]["distinguishing_sign"] = None
    return True


# What fits everybody would otherwise be found most.
FAULTS: Mapping[Fault, float] = {
    _expired_passport: 2,
    _passport_ends_soon: 1,
    _no_passport: 0.5,
    _specimen_shown: 0.5,
    _no_visa: 2,
    _visa_ran_out: 2,
    _damaged_zone: 0.2,
    _other_number: 0.2,
    _no_zone_pass: 2,
    _no_adr_certificate: 4,
    _conduct: 3,
    _hidden_person: 1.5,
    _wrong_register_number: 0.7,
    _wrong_container: 1,
    _withdrawn_un_number: 6,
    _undocumented_cargo: 1.5,
    _undeclared_cargo: 0.5,
    _without_a_paper("road_permit"): 1.5,
    _without_a_paper("cmr_consignment_note"): 1.5,
    _without_a_paper("queue_reservation"): 4,
    _without_a_paper("passenger_list"): 1.5,
    _no_sign: 0.7,
}


# --- members left out ------------------------------------------------------------------------------------------------


def _observations_not_sent(rng: Random, event: Json) -> bool:
    del rng, event["observations"]
    return True


def _zone_not_read(rng: Random, event: Json) -> bool:
    del rng.choice(event["persons"])["document"]["mrz"]
    return True


def _document_not_read(rng: Random, event: Json) -> bool:
    del rng.choice(event["persons"])["document"]
    return True


def _permits_not_asked(rng: Random, event: Json) -> bool:
    for bearer in [*event["persons"], *event["organizations"]]:
        del bearer["permits"]
    del rng
    return True


def _sign_not_seen(rng: Random, event: Json) -> bool:
    del rng
    if not event["vehicle"]:
        return False
    del event["vehicle"]["distinguishing_sign"]
    return True


def _unchecked_register(rng: Random, event: Json) -> bool:
    """A number of a register whose check is not known here."""
    if not event["organizations"]:
        return False
    event["organizations"][0]["identifiers"] = {"kz_bin": f"{rng.randrange(10**11, 10**12)}"}
    return True


OMISSIONS: Mapping[Fault, float] = {
    _observations_not_sent: 1,
    _zone_not_read: 1,
    _document_not_read: 1,
    _permits_not_asked: 1,
    _sign_not_seen: 1,
    _unchecked_register: 0.5,
}
