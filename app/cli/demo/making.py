"""Crossings in which all is in order, by kind: every member that a rule may ask about is given."""

from collections.abc import Callable, Mapping
from random import Random

from app.cli.demo.people import Json, person
from app.cli.demo.places import Occasion, document
from app.vocabulary.countries import COUNTRIES

_GOODS = (
    ("870899", "Parts of motor vehicles"),
    ("440711", "Sawn pine wood"),
    ("080810", "Fresh apples"),
    ("841391", "Parts of pumps"),
    ("620342", "Cotton trousers"),
    ("390110", "Polyethylene granules"),
    ("481092", "Coated paperboard"),
)
_DANGEROUS = (
    ("320890", "Paint", "1263"),
    ("271019", "Diesel fuel", "1202"),
    ("850760", "Lithium ion batteries", "3480"),
)
_REGISTER = {"RUS": "ru_inn", "CHN": "cn_uscc", "BLR": "by_unp"}
_LOADED_CONTAINER, _DANGEROUS_LOAD = 0.35, 0.2


def compliant(rng: Random, occasion: Occasion) -> Json:
    """A crossing of the occasion's kind, without identifier and source."""
    made: Json = {
        "occurred_at": occasion.at.isoformat(),
        "checkpoint": occasion.checkpoint,
        "direction": rng.choice(["entry", "exit"]),
        "mode": "road",
        "area": None,
        "in_border_strip": False,
        "persons": [],
        "organizations": [],
        "vehicle": None,
        "cargo": [],
        "observations": [],
    }
    _MAKERS[occasion.kind](rng, occasion, made)
    return made


def _truck(rng: Random, occasion: Occasion, made: Json) -> None:
    home = rng.choice([occasion.state, occasion.neighbour or occasion.state])
    _vehicle(rng, made, "truck", home, "bilateral", (12_000, 39_000))
    driver = person(rng, occasion, "driver", "cargo", home)
    carrier = organization(rng, "carrier", home)
    made["persons"], made["organizations"] = [driver], [carrier]
    if rng.random() < _LOADED_CONTAINER:
        made["vehicle"]["containers"] = [rng.choice(document("identifiers")["iso6346_container"])]
    papers = [{"kind": "cmr_consignment_note", "number": f"CMR-{rng.randrange(10**6):06}"}, _road_permit(occasion)]
    driver["permits"] += papers
    day = occasion.at.date().isoformat()
    queue = {
        "kind": "queue_reservation",
        "number": f"Q{rng.randrange(10**6):06}",
        "valid_from": day,
        "valid_until": day,
    }
    carrier["permits"] += [*papers, queue]
    _load(rng, occasion, made)


def _road_permit(occasion: Occasion) -> Json:
    year = occasion.at.year
    return {
        "kind": "road_permit",
        "issuer": occasion.state,
        "territory": occasion.state,
        "carriage": "bilateral",
        "valid_from": f"{year}-01-01",
        "valid_until": f"{year + 1}-01-31",
    }


def _load(rng: Random, occasion: Occasion, made: Json) -> None:
    chosen: list[tuple[str, str, str | None]] = [(*goods, None) for goods in rng.sample(_GOODS, rng.randint(1, 3))]
    if rng.random() < _DANGEROUS_LOAD:
        chosen = [rng.choice(_DANGEROUS)]
        made["persons"][0]["permits"] += [
            {"kind": "adr_driver_certificate", "valid_until": f"{occasion.at.year + 3}-06-30"},
            {"kind": "adr_written_instructions"},
            {"kind": "adr_transport_document"},
        ]
    made["cargo"] = [
        {
            "hs": hs,
            "description": words,
            "net_weight_kg": rng.randrange(1_500, 9_000, 50),
            "un_number": number,
            "declared": True,
            "documented": True,
        }
        for hs, words, number in chosen
    ]


def _car(rng: Random, occasion: Occasion, made: Json) -> None:
    driver = person(rng, occasion, "driver", rng.choice(["tourism", "private"]))
    _vehicle(rng, made, "car", driver["nationality"], "private", (1_300, 2_400))
    made["persons"] = [driver] + [person(rng, occasion, "passenger", "tourism") for _ in range(rng.randint(0, 3))]


def _bus(rng: Random, occasion: Occasion, made: Json) -> None:
    home = rng.choice([occasion.state, occasion.neighbour or occasion.state])
    _vehicle(rng, made, "bus", home, rng.choice(["regular_bus", "occasional_bus"]), (14_000, 18_500))
    made["persons"] = [person(rng, occasion, "driver", "crew", home)] + [
        person(rng, occasion, "passenger", rng.choice(["tourism", "private"])) for _ in range(rng.randint(3, 9))
    ]
    carrier = organization(rng, "carrier", home)
    papers = [{"kind": "passenger_list", "number": f"PL-{rng.randrange(10**5):05}"}]
    made["persons"][0]["permits"] += papers
    carrier["permits"] += papers
    made["organizations"] = [carrier]


def _train(rng: Random, occasion: Occasion, made: Json) -> None:
    made["mode"] = "rail"
    home = rng.choice([occasion.state, occasion.neighbour or occasion.state])
    _vehicle(rng, made, "train", home, "bilateral", (900_000, 4_200_000))
    made["vehicle"]["containers"] = rng.sample(document("identifiers")["iso6346_container"], rng.randint(1, 2))
    made["persons"] = [person(rng, occasion, "crew", "crew", home) for _ in range(2)]
    made["organizations"] = [organization(rng, "carrier", home)]
    _load(rng, occasion, made)
    made["cargo"][0]["net_weight_kg"] *= 100


def _flight(rng: Random, occasion: Occasion, made: Json) -> None:
    made["mode"] = "air"
    home = rng.choice([occasion.state, "CHN"])
    _vehicle(rng, made, "aircraft", home, "regular_bus", (60_000, 79_000))
    del made["vehicle"]["carriage"]
    made["persons"] = [person(rng, occasion, "passenger", "business") for _ in range(rng.randint(4, 10))]
    made["organizations"] = [organization(rng, "carrier", home)]


def _walk(rng: Random, occasion: Occasion, made: Json) -> None:
    made["mode"] = "pedestrian"
    made["persons"] = [person(rng, occasion, "pedestrian", rng.choice(["tourism", "private"]))]


def _zone(rng: Random, occasion: Occasion, made: Json) -> None:
    """Somebody met in the border zone near the checkpoint, now and then at works in the strip."""
    made |= {"direction": "presence", "area": f"{occasion.checkpoint} sector {rng.randint(1, 3)}"}
    someone = person(rng, occasion, "pedestrian", rng.choice(["tourism", "private"]))
    day = occasion.at.date().isoformat()
    papers = {"number": f"Z{rng.randrange(10**5):05}", "issuer": occasion.state, "valid_from": day, "valid_until": day}
    someone["permits"] = [{"kind": "zone_pass", "area": made["area"], **papers}]
    made["persons"] = [someone]
    made["in_border_strip"] = rng.choice([True, False])
    if made["in_border_strip"]:
        organizer = organization(rng, "activity_organizer", occasion.state)
        organizer["permits"] = [{"kind": "activity_permission", "area": None, **papers}]
        made["organizations"] = [organizer]


def organization(rng: Random, role: str, country: str) -> Json:
    """A company with a number that can be one."""
    scheme = _REGISTER.get(country, "lei")
    return {
        "role": role,
        "name": f"Demo {rng.choice(('Steppe', 'Amber', 'Ridge'))} {rng.choice(('Carriage', 'Lines', 'Freight'))}",
        "country": country,
        "identifiers": {scheme: rng.choice(document("identifiers")[scheme])},
        "permits": [],
    }


def _vehicle(rng: Random, made: Json, kind: str, country: str, carriage: str, kilograms: tuple[int, int]) -> None:
    made["vehicle"] = {
        "plate": f"{rng.choice('ABEKMHOP')}{rng.randrange(1000):03}{rng.choice('CTX')}{rng.choice('ABE')}",
        "country": country,
        "kind": kind,
        "carriage": carriage,
        "distinguishing_sign": COUNTRIES[country].distinguishing_sign,
        "gross_weight_kg": rng.randrange(*kilograms, 50),
        "containers": [],
    }


_MAKERS: Mapping[str, Callable[[Random, Occasion, Json], None]] = {
    "truck": _truck,
    "car": _car,
    "bus": _bus,
    "train": _train,
    "flight": _flight,
    "walk": _walk,
    "zone": _zone,
}
