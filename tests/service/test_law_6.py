"""Law 6: any permutation, split or delay of the same events ends in the same violations, on either database."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from itertools import count
from shutil import copytree
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine as Database

from app.storage.engine import connect
from app.storage.migrate import upgrade
from tests.databases import Postgres
from tests.service.conftest import MIGRATIONS
from tests.service.histories import RULES, History, Servers, Step, histories, orders, servers

_serial = count(1)


@pytest.fixture(scope="module")
def one(module_engine: Database) -> Iterator[Servers]:
    with servers(module_engine) as made:
        yield made


def _judged(where: Servers, order: list[Step], *, together: bool) -> Any:  # noqa: ANN401 (any JSON)
    world = f"W{next(_serial):06}"
    where.send(world, order, together=together)
    return _without(world, where.state(world))


def _without(world: str, state: Any) -> Any:  # noqa: ANN401 (any JSON)
    match state:
        case dict():
            return {_without(world, key): _without(world, value) for key, value in state.items()}
        case list() | tuple():
            return [_without(world, each) for each in state]
        case str():
            return state.replace(world, "")
        case _:
            return state


def _in_time(history: History) -> list[Step]:
    """As if nothing had ever been late or wrong."""
    steps = history.final().steps()
    return [step for _, each in sorted(enumerate(steps), key=lambda pair: _when(history, pair[0])) for step in each]


def _when(history: History, place: int) -> tuple[int, int]:
    move = next(move for move in reversed(history.events[place]) if move)
    return move.day, move.hour


@given(data=st.data(), history=histories())
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_law_6_any_order_of_events_and_corrections_ends_in_the_same(
    one: Servers, data: st.DataObject, history: History
) -> None:
    expected = _judged(one, _in_time(history), together=False)
    order = data.draw(orders(history))
    assert _judged(one, order, together=data.draw(st.booleans())) == expected


@pytest.fixture(scope="module")
def two(module_engine: Database) -> Iterator[Servers]:
    with servers(module_engine, 2) as made:
        yield made


@given(data=st.data(), history=histories())
@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_law_6_holds_between_servers_on_one_database(two: Servers, data: st.DataObject, history: History) -> None:
    expected = _judged(two, _in_time(history), together=False)
    assert _judged(two, data.draw(orders(history)), together=True) == expected


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def short(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """With windows of ten days at most, so that many later crossings hang on none before.

    On a database of its own: servers with other rules would judge its crossings again by theirs.
    """
    folder = tmp_path_factory.mktemp("short")
    rules = copytree(RULES, folder / "rules")
    (rules / "RUS/stay/RUS-HIST-002.yaml").unlink()
    with ExitStack() as stack:
        url = f"sqlite:///{folder}/gerege.db"
        if request.param == "postgresql":
            server: Postgres = request.getfixturevalue("postgres")
            url = stack.enter_context(server.fresh_database())
        engine = connect(url)
        stack.callback(engine.dispose)
        upgrade(engine, MIGRATIONS)
        yield stack.enter_context(servers(engine, rules=rules))


def _spread(history: History) -> History:
    """The same over four times as long."""
    return History(tuple(tuple(move and replace(move, day=4 * move.day) for move in moves) for moves in history.events))


@given(data=st.data(), history=histories())
@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_law_6_holds_where_what_is_far_behind_is_not_judged_again(
    short: Servers, data: st.DataObject, history: History
) -> None:
    spread = _spread(history)
    expected = _judged(short, _in_time(spread), together=False)
    assert _judged(short, data.draw(orders(spread)), together=data.draw(st.booleans())) == expected


@given(data=st.data(), history=histories())
@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_law_6_holds_for_those_of_whom_there_is_more_than_is_read(
    short: Servers, data: st.DataObject, history: History
) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("app.crossings.history.MOST_LEGS", 2)
        expected = _judged(short, _in_time(history), together=False)
        assert _judged(short, data.draw(orders(history)), together=data.draw(st.booleans())) == expected


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory, postgres: Postgres) -> Iterator[tuple[Servers, Servers]]:
    with ExitStack() as stack:
        urls = [
            f"sqlite:///{tmp_path_factory.mktemp('both')}/gerege.db",
            stack.enter_context(postgres.fresh_database()),
        ]
        engines = [connect(url) for url in urls]
        for engine in engines:
            upgrade(engine, MIGRATIONS)
            stack.callback(engine.dispose)
        one, other = (stack.enter_context(servers(engine)) for engine in engines)
        yield one, other


@given(data=st.data(), history=histories())
@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_law_6_both_databases_end_in_the_same(
    both: tuple[Servers, Servers], data: st.DataObject, history: History
) -> None:
    one, other = both
    ends = [_judged(where, data.draw(orders(history)), together=False) for where in (one, other)]
    assert ends[0] == ends[1]
