"""One service for the tests of pages, with people who read them."""

from collections.abc import Iterator

import pytest
import structlog
from sqlalchemy import update

from app.identity.remit import Remit
from app.identity.roles import Role
from app.storage.engine import transaction
from app.storage.tables import users
from tests.console.reading import Reader, reader
from tests.service.serving import Service
from tests.service.serving import serving as served


@pytest.fixture(autouse=True, scope="session")
def _plain_log() -> None:
    """The default for terminals shows the values of all variables beside a trace, and takes seconds for it."""
    structlog.configure(processors=[structlog.contextvars.merge_contextvars, structlog.processors.KeyValueRenderer()])


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with served(f"sqlite:///{tmp_path_factory.mktemp('console')}/gerege.db") as running:
        yield running


@pytest.fixture(autouse=True)
def _in_english(request: pytest.FixtureRequest) -> None:
    """Whatever language the test before had its people read."""
    if "service" in request.fixturenames:
        serving: Service = request.getfixturevalue("service")
        with transaction(serving.services.database) as tx:
            tx.execute(update(users).values(language="en"))


@pytest.fixture(scope="session")
def officer(service: Service) -> Reader:
    return reader(service, "officer")


@pytest.fixture(scope="session")
def second(service: Service) -> Reader:
    return reader(service, "second")


@pytest.fixture(scope="session")
def supervisor(service: Service) -> Reader:
    return reader(service, "supervisor", Role.SUPERVISOR)


@pytest.fixture(scope="session")
def author(service: Service) -> Reader:
    return reader(service, "author", Role.AUTHOR)


@pytest.fixture(scope="session")
def elsewhere(service: Service) -> Reader:
    """Works at other checkpoints than those of the tests' events."""
    return reader(service, "elsewhere", remit=Remit(checkpoints=("RUS-NOWHERE",)))
