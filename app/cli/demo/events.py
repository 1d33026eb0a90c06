"""The crossings of the demonstration: the same for the same seed and count, on every machine."""

from random import Random

from app.cli.demo import faults
from app.cli.demo.making import compliant
from app.cli.demo.people import Json
from app.cli.demo.places import Occasion, occasions
from app.cli.demo.returning import Inside

SEED = 2026
_FAULTY, _OMITTING = 0.4, 0.1


def events(count: int, seed: int = SEED) -> list[Json]:
    """Crossing events as they go over the wire, in the order of time."""
    # Not for secrets, but to be repeatable.
    rng = Random(seed)  # noqa: S311
    inside = Inside()
    return [_event(rng, number, occasion, inside) for number, occasion in enumerate(occasions(rng, count), 1)]


def _event(rng: Random, number: int, occasion: Occasion, inside: Inside) -> Json:
    event = compliant(rng, occasion)
    inside.cross(rng, event, occasion.state)
    drawn = rng.random()
    if drawn < _FAULTY:
        faults.one(rng, event)
    elif drawn < _FAULTY + _OMITTING:
        faults.omission(rng, event)
    lane = f"demo-{occasion.checkpoint.lower()}-lane-{rng.randint(1, 4)}"
    return {"id": f"DEMO-{number:04}", "source": lane, **event}
