"""Crossings that are due: the earliest are taken first, and no more than are quick to judge."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine

from app.crossings import due, records
from app.crossings.due import Share, Trigger
from app.crossings.records import Cause
from app.storage.engine import transaction
from tests.service.rows import NOW, crossing, prepare


@pytest.mark.parametrize(
    ("persons", "share", "taken"),
    [
        ([1, 1, 1, 1], Share(3, 100), 3),
        ([40, 40, 40], Share(64, 100), 2),
        ([50, 50, 1], Share(64, 100), 2),
        ([1_000, 1, 1], Share(64, 100), 1),
        ([1, 1_000, 1], Share(64, 100), 1),
        ([0, 0, 0], Share(64, 0), 3),
        ([], Share(64, 100), 0),
    ],
)
def test_the_earliest_are_taken_as_far_as_their_persons_are_few_and_one_however_many(
    engine: Engine, persons: list[int], share: Share, taken: int
) -> None:
    with transaction(engine) as tx:
        credential = prepare(tx)
        made = [
            crossing(credential, persons=count, occurred_at=NOW + timedelta(hours=hour))
            for hour, count in enumerate(persons)
        ]
        records.store(tx, made[::-1])
        due.mark(tx, [each.id for each in made], Trigger(Cause.LATE_EVENT, None, NOW))
        assert [each.crossing for each in due.first(tx, share)] == [each.id for each in made[:taken]]
