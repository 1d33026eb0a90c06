"""A seeded service as a process of its own, the people who work at it, and their browsers."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count, cycle
from pathlib import Path
from typing import Any, Final, Self

import orjson
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, ViewportSize, sync_playwright

from app.cli.demo.events import events
from app.cli.demo.service import LOGINS
from app.clock import SystemClock
from app.identity import signing_in, users
from app.identity.users import Account
from app.storage.engine import connect, transaction
from tests.factories import event
from tests.faults.running import Running, running
from tests.service.serving import PASSWORD

ROOT: Final = Path(__file__).parents[3]
SCREENSHOTS: Final = ROOT / "screenshots"
AXE: Final = (Path(__file__).parents[1] / "vendor" / "axe.min.js").read_text()
WIDE: Final[ViewportSize] = {"width": 1366, "height": 900}
NARROW: Final[ViewportSize] = {"width": 390, "height": 844}
_SEEDED: Final = 40
_STAYED: Final = ("2026-01-05", "2026-01-25", "2026-02-10", "2026-03-20", "2026-04-01", "2026-07-15")
_CHROMIUM: Final = "/usr/bin/chromium"
_ARGUMENTS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@dataclass(slots=True)
class Site:
    """The service with a browser; `tokens` are sessions by login."""

    service: Running
    browser: Browser
    tokens: Mapping[str, str]
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))
    _windows: dict[str, "Visit"] = field(default_factory=dict)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.service.port}"

    def visit(self, login: str | None = None, language: str = "en", **options: Any) -> "Visit":  # noqa: ANN401 (Playwright's)
        """A browser of somebody, signed in if a login is given, whose pages are in a language."""
        context = self.browser.new_context(
            base_url=self.address, locale=language, viewport=options.pop("viewport", WIDE), **options
        )
        if login:
            context.add_cookies([{"name": "gerege_session", "value": self.tokens[login], "url": self.address}])
            self.speaks(login, language)
        return Visit(context, context.new_page())

    @contextmanager
    def window(self, language: str) -> Iterator["Visit"]:
        """The supervisor's, one for each language: to open one takes as long as a page."""
        if language not in self._windows:
            self._windows[language] = self.visit("supervisor", language)
        kept = self._windows[language]
        kept.said.clear()
        self.speaks("supervisor", language)
        kept.page.set_viewport_size(WIDE)
        try:
            yield kept
        finally:
            # Nothing it says later is taken for another page's.
            kept.page.goto("about:blank")
        assert not kept.said, "\n".join(kept.said)

    def speaks(self, login: str, language: str) -> None:
        database = connect(self.service.url)
        with transaction(database) as tx:
            (user,) = (each for each in users.every(tx) if each.login == login)
            users.set_language(tx, user, language)
        database.dispose()

    def arrives(self, **changes: object) -> str:
        """A driver goes round the control, which is grave: the violation found."""
        number = f"B{next(self._numbers):08}"
        seen = [{"kind": "control_bypassed", "at": "2026-03-01T09:20:00+08:00", "person": 0}]
        given = {
            "id": number,
            "source": "demo-chn-manzhouli-lane-1",
            "occurred_at": "2026-03-01T09:15:00+08:00",
            "checkpoint": "CHN-MANZHOULI",
            "persons__0__document__number": number,
            "observations": seen,
        }
        status, _, told = self.service.ask("POST", "/v1/crossings", orjson.dumps(event(**{**given, **changes})))
        assert status == 201, told
        found = (each for each in orjson.loads(told)["findings"] if each["rule"] == "CHN-CAR-001")
        return str(next(each["violation"] for each in found))

    def stays(self) -> str:
        """Somebody is in Russia three times, the last time too long; the key of the subject."""
        number = f"S{next(self._numbers):08}"
        for day, direction in zip(_STAYED, cycle(("entry", "exit"))):
            given: dict[str, object] = {
                "id": f"{number}-{day}",
                "occurred_at": f"{day}T12:00:00+09:00",
                "direction": direction,
                "persons__0__role": "passenger",
                "persons__0__nationality": "SRB",
                "persons__0__visa": None,
                "persons__0__purpose": "tourism",
                "persons__0__document__issuer": "SRB",
                "persons__0__document__number": number,
                "organizations": [],
            }
            status, _, told = self.service.ask("POST", "/v1/crossings", orjson.dumps(event(**given)))
            assert status == 201, told
        return f"SRB:{number}"


@dataclass(slots=True)
class Visit:
    """One browser window; `said` are warnings and errors of its console, a broken policy among them."""

    context: BrowserContext
    page: Page
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", lambda message: self._hear(message))  # noqa: PLW0108 (Playwright marks what it calls)
        self.page.on("pageerror", lambda error: self.said.append(str(error)))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.context.close()
        assert not self.said, "\n".join(self.said)

    def _hear(self, message: ConsoleMessage) -> None:
        # Of a page that is an error the browser says so itself.
        if message.type in {"error", "warning"} and "Failed to load resource" not in message.text:
            self.said.append(message.text)

    def faults(self) -> list[str]:
        """What axe finds, and whether the page is wider than the window."""
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(AXE)
        found = self.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        return [f"{each['id']}: {each['nodes'][0]['html'][:200]}" for each in found["violations"]] + self.too_wide()

    def too_wide(self) -> list[str]:
        size, wide = self.page.viewport_size, self.page.evaluate("document.documentElement.scrollWidth")
        return [f"is {wide} wide"] if size and wide > size["width"] else []

    def check(self, name: str) -> None:
        """That nothing is at fault, wide and narrow; a picture of each is kept.

        Languages differ in words and their lengths, not in what is there: axe looks at a narrow page in English alone.
        """
        for size in (WIDE, NARROW):
            self.page.set_viewport_size(size)
            is_english = self.page.locator("html").get_attribute("lang") == "en"
            assert (self.faults() if size is WIDE or is_english else self.too_wide()) == []
            self.keep(f"{name}-{size['width']}")

    def keep(self, name: str) -> None:
        SCREENSHOTS.mkdir(exist_ok=True)
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)


@contextmanager
def site(folder: Path, crossings: int = _SEEDED) -> Iterator[Site]:
    """Everything started, and seeded with so many crossings; all of it ends with the block."""
    url = f"sqlite:///{folder}/gerege.db"
    with running(url, rules=ROOT / "rules") as service, sync_playwright() as playwright:
        lines = b"\n".join(orjson.dumps(each) for each in events(crossings))
        status, _, told = service.ask("POST", "/v1/crossings/batch", lines, **{"Content-Type": "application/x-ndjson"})
        assert status == 200, told
        tokens = _people(url)
        browser = playwright.chromium.launch(
            executable_path=_CHROMIUM, args=_ARGUMENTS, env={**os.environ, "TZ": "UTC"}
        )
        try:
            yield Site(service, browser, tokens)
        finally:
            browser.close()


def _people(url: str) -> dict[str, str]:
    database, now, tokens = connect(url), SystemClock().now(), {}
    with transaction(database) as tx:
        for login, (name, role) in LOGINS.items():
            users.create(tx, Account(login, name, role, PASSWORD), now)
            entered = signing_in.sign_in(tx, signing_in.sought(tx, login), "", now, fits=True)
            assert isinstance(entered, tuple)
            tokens[login] = entered[1]
    database.dispose()
    return tokens
