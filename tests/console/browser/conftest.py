"""One service and one browser for all tests that need them, in a thread of their own.

Playwright leaves an event loop running in the thread it was started in; other tests run theirs in the main one.
"""

import inspect
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.console.browser import site as sites
from tests.console.browser.site import Site

_BROWSING = ThreadPoolExecutor(1)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    made = sites.site(tmp_path_factory.mktemp("site"))
    yield _BROWSING.submit(made.__enter__).result()
    _BROWSING.submit(made.__exit__, None, None, None).result()


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool:
    """Run a test of this folder where its browser is."""
    given = {name: pyfuncitem.funcargs[name] for name in inspect.signature(pyfuncitem.obj).parameters}
    _BROWSING.submit(pyfuncitem.obj, **given).result()
    return True
