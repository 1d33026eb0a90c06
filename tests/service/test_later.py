"""Which later crossings are judged again for a late event: those that may hang on it, however many there are."""

from collections.abc import Collection, Iterator
from concurrent.futures import Future
from datetime import timedelta
from pathlib import Path
from shutil import copytree
from typing import Any

import orjson
import pytest
from sqlalchemy import Engine as Database

from app.crossings import due
from app.evaluation.batch import Stored
from app.evaluation.pipeline import canonical_digest
from app.evaluation.record import Received
from app.vocabulary.wire import Crossing
from tests.factories import event
from tests.service.histories import FIRST, NOW, RULES, SECONDS, Servers, servers
from tests.service.test_pipeline import held


@pytest.fixture
def one(engine: Database, tmp_path: Path) -> Iterator[Servers]:
    """With rules that ask for legs of ten days, and for violations of twenty."""
    rules = copytree(RULES, tmp_path / "rules")
    (rules / "RUS/stay/RUS-HIST-002.yaml").unlink()
    with servers(engine, rules=rules) as made:
        yield made


@pytest.fixture
def marked(monkeypatch: pytest.MonkeyPatch) -> list[set[str]]:
    """Crossings that are marked due, at a time."""
    found: list[set[str]] = []
    mark = due.mark

    def recording(tx: Any, identifiers: Collection[str], trigger: Any) -> None:  # noqa: ANN401 (as what it stands for)
        found.append(set(identifiers))
        mark(tx, identifiers, trigger)

    monkeypatch.setattr(due, "mark", recording)
    return found


def send(one: Servers, name: str, day: float, direction: str, **changes: object) -> Future[Stored]:
    at = (FIRST + timedelta(days=day)).isoformat()
    body = event(id=name.replace(" ", "-"), occurred_at=at, direction=direction, persons__0__visa=None, **changes)
    content = orjson.dumps(body)
    received = Received(content, canonical_digest(body), NOW, one.credential)
    return one.pipelines[0].ingest(Crossing.model_validate_json(content), received)


def sent(one: Servers, *events: tuple[str, float, str]) -> dict[str, str]:
    """Names by crossing; one after the other, each once all is settled."""
    names = {}
    for name, day, direction in events:
        names[send(one, name, day, direction, organizations=[]).result(SECONDS).crossing] = name
        one.settle()
    return names


def test_a_crossing_beyond_the_windows_hangs_on_the_last_of_its_kind_alone(
    one: Servers, marked: list[set[str]]
) -> None:
    names = sent(one, ("in", 0, "entry"), ("out", 2, "exit"), ("soon", 9, "entry"), ("far", 60, "exit"))
    marked.clear()
    names |= sent(one, ("other in", 1, "presence"))
    assert {names[each] for each in marked[0]} == {"out", "soon", "far"}  # no other presence is on record
    marked.clear()
    names |= sent(one, ("seen", 3, "presence"), ("seen before", 2.5, "presence"))
    marked.clear()
    sent(one, ("seen first", -1, "presence"))
    assert {names[each] for each in marked[0]} == {"in", "other in", "out", "seen before", "seen", "soon"}


@pytest.mark.parametrize("most", [5_000, 2])
def test_no_less_where_there_are_more_than_are_read(
    one: Servers, marked: list[set[str]], monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr("app.crossings.history.MOST_LEGS", most)
    names = sent(one, *((f"in {day}", day, "entry") for day in range(0, 60, 6)))
    marked.clear()
    sent(one, ("late", 7, "entry"))
    # The next entry is on day 12; windows of ten days, two for time zones and two at the ends reach back to it.
    assert {"in 12", "in 18"} < {names[each] for each in marked[0]} <= {f"in {day}" for day in (12, 18, 24, 30)}


def test_what_came_together_is_not_judged_again_for_what_it_was_judged_by(
    one: Servers, marked: list[set[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    go = held(one.pipelines[0], monkeypatch)
    futures = [send(one, f"{day}", day, ("entry", "exit")[day % 2]) for day in (3, 1, 2, 0)]
    # Reported by another system too: of one instant, each is judged by what is known of both.
    futures.append(send(one, "1 again", 1, "exit"))
    go.set()
    names = {future.result(SECONDS).crossing: number for number, future in enumerate(futures)}
    assert {names[each] for each in set().union(*marked)} <= {1, 4}


def test_for_a_company_of_which_only_violations_are_asked_a_late_event_without_any_makes_nothing_due(
    one: Servers, marked: list[set[str]]
) -> None:
    names = {send(one, f"later {day}", day, "entry", persons=[]).result(SECONDS).crossing: day for day in (5, 40)}
    send(one, "late", 1, "entry", persons=[]).result(SECONDS)
    assert set().union(*marked) == set()
    # Its passenger is there too long, and it has a violation for that.
    send(one, "in", -9, "entry").result(SECONDS)
    send(one, "out", 0, "exit").result(SECONDS)
    one.settle()
    assert {names[each] for each in set().union(*marked) & names.keys()} == {5}
