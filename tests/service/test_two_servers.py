"""Two servers on one PostgreSQL at the same moment: what one is about to store, the other knows of."""

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from shutil import copytree
from typing import Any

import orjson
import pytest
from sqlalchemy import Engine as Database

from app.crossings import history, links
from app.evaluation.pipeline import canonical_digest
from app.evaluation.record import Received
from app.identity.roles import Role
from app.storage.engine import connect, reading
from app.storage.migrate import upgrade
from app.vocabulary.wire import Crossing
from tests.databases import Postgres
from tests.factories import event
from tests.service.conftest import MIGRATIONS
from tests.service.histories import FIRST, NOW, RULES, SECONDS, servers
from tests.service.serving import serving
from tests.service.test_time import sent

# So long the first waits for the second to come where both could go wrong; where locks keep it away, in vain.
TOGETHER = 1.0
BUSY = """id: RUS-HIST-008
title: {en: Few, ru: Few, zh: Few}
regime: checkpoint
jurisdiction: RUS
applies_to: individual
status: active
owner: Tests
severity: serious
advice: refer
review_by: 2030-01-01
versions:
  - basis: [{provision: RU-4730-11}]
    require: {checkpoint.persons_today: {at_most: 0}}
"""
MEASURE = """
checkpoint.persons_today:
  title: {en: Persons today, ru: Лиц за день, zh: 今日人数}
  count: checkpoint_crossings
  of: persons
"""


@pytest.fixture
def database(postgres: Postgres) -> Iterator[Database]:
    with postgres.fresh_database() as url:
        opened = connect(url)
        upgrade(opened, MIGRATIONS)
        yield opened
        opened.dispose()


def together(work: Callable[..., Any]) -> Callable[..., Any]:
    """The same work, done by two before either goes on, if nothing keeps them apart."""
    both = threading.Barrier(2)

    def done(*given: Any, **more: Any) -> Any:  # noqa: ANN401 (as what it stands for)
        result = work(*given, **more)
        try:
            both.wait(TOGETHER)
        except threading.BrokenBarrierError:
            both.reset()
        return result

    return done


def test_of_two_crossings_of_a_day_the_later_is_judged_by_the_earlier(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = copytree(RULES, tmp_path / "rules")
    (rules / "RUS/checkpoint").mkdir()
    (rules / "RUS/checkpoint/RUS-HIST-008.yaml").write_text(BUSY)
    with (rules / "measures.yaml").open("a") as measures:
        measures.write(MEASURE)
    with servers(database, 2, rules) as two:
        monkeypatch.setattr(history, "traffic", together(history.traffic))
        futures = []
        for number, pipeline in enumerate(two.pipelines):
            at = (FIRST + timedelta(hours=number)).isoformat()
            person = {"persons__0__document__number": f"T{number}", "persons__0__surname": "AB"[number]}
            body = event(id=f"e{number}", occurred_at=at, organizations=[], **person)
            content = orjson.dumps(body)
            received = Received(content, canonical_digest(body), NOW, two.credential)
            futures.append(pipeline.ingest(Crossing.model_validate_json(content), received))
        for future in futures:
            future.result(SECONDS)
        two.settle()
    with reading(database) as tx:
        query = "SELECT c.event_id FROM crossings c JOIN violations v ON v.crossing = c.id WHERE v.rule = %s"
        assert tx.exec_driver_sql(query, ("RUS-HIST-008",)).scalars().all() == ["e1"]


def test_of_two_officers_who_say_the_contrary_at_once_the_second_is_heard_after_the_first(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    with postgres.fresh_database() as url, serving(url, RULES) as service:
        for number in ("A1", "B2"):
            sent(service, number, 0, "entry", persons__0__document__number=number)
        monkeypatch.setattr(links, "statements", together(links.statements))
        path = "/v1/subjects/CHN:A1/links"

        def say(*, same: bool) -> None:
            body = {"other": "CHN:B2", "same": same, "reason": "seen"}
            assert service.post(body, Role.OFFICER, path).status_code == 201

        threads = [threading.Thread(target=say, kwargs={"same": same}) for same in (True, False)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(SECONDS)
        with reading(service.services.database) as tx:
            every = tx.exec_driver_sql("SELECT ended_at FROM same_subject").scalars().all()
        assert sorted(ended is None for ended in every) == [False, True]
