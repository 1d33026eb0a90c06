"""Checkpoints as pages tell them: by name, with the time there."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import tzinfo

from app.web.console.queue import checkpoint_named
from app.web.services import Services


@dataclass(frozen=True, slots=True)
class Place:
    """The name and the time zone of a checkpoint."""

    name: str
    zone: tzinfo


def places(services: Services, codes: Iterable[str]) -> dict[str, Place]:
    """By code; one that has left the register keeps its code as name, and UTC."""
    return {code: Place(checkpoint_named(services, code), services.zone_of(code)) for code in set(codes)}
