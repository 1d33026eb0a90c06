"""One rulebook is in force, and those before it are kept."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from sqlalchemy import Engine, func, select

from app.storage import rulebooks
from app.storage.engine import reading, transaction
from app.storage.tables import activations
from tests.service.rows import NOW

FILES = {"RUS/stay/A.yaml": "title: {ru: Пребывание, zh: 停留}"}


def _activate(engine: Engine, digest: str) -> None:
    with transaction(engine) as tx:
        rulebooks.activate(tx, digest, FILES, NOW, "somebody", "a reason")


def test_of_nothing_put_in_force_nothing_is(engine: Engine) -> None:
    with reading(engine) as tx:
        assert rulebooks.active(tx) is None
        assert rulebooks.sources(tx, "sha256:a") is None


def test_the_last_put_in_force_is_even_if_it_was_before(engine: Engine) -> None:
    for digest in ("sha256:a", "sha256:b", "sha256:a", "sha256:a"):
        _activate(engine, digest)
    with reading(engine) as tx:
        assert rulebooks.active(tx) == "sha256:a"
        assert rulebooks.sources(tx, "sha256:b") == FILES
        logged = tx.execute(select(activations.c.rulebook).order_by(activations.c.id)).scalars().all()
    assert logged == ["sha256:a", "sha256:b", "sha256:a"]


def test_services_that_start_at_once_put_a_rulebook_in_force_once(engine: Engine) -> None:
    start = Barrier(6)

    def begin(_: int) -> None:
        start.wait()
        _activate(engine, "sha256:a")

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(begin, range(6)))
    with reading(engine) as tx:
        assert tx.execute(select(func.count()).select_from(activations)).scalar_one() == 1
