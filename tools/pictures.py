"""Takes the pictures of the console that the README shows, from a service with the demonstration's crossings."""

import tempfile
from pathlib import Path

import httpx2

from tests.console.browser.site import WIDE, Site, site

DOCS = Path(__file__).parents[1] / "docs"
_CROSSINGS, _HEIGHT = 500, 1100
_DECIDED = 60


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, site(Path(folder), _CROSSINGS) as service:
        _decide(service)
        with service.visit("officer") as visit:
            page = visit.page
            page.set_viewport_size({"width": WIDE["width"], "height": _HEIGHT})
            taken = {
                "queue": "/console/",
                "violation": f"/console/violations/{service.arrives()}",
                "stays": f"/console/subjects/{service.stays()}?on=2026-07-15",
                "situation": "/console/situation?from=2025-04-01&until=2026-03-15",
            }
            for name, path in taken.items():
                page.goto(path)
                page.screenshot(path=DOCS / f"console-{name}.png")


def _decide(service: Site) -> None:
    """What a few weeks of work leave behind: most confirmed, some dismissed."""
    cookie = {"Cookie": f"gerege_session={service.tokens['second']}"}

    def ask(path: str, body: object = None) -> dict[str, str]:
        answer = httpx2.post(service.address + path, json=body, headers=cookie, trust_env=False)
        answer.raise_for_status()
        told: dict[str, str] = answer.json()
        return told

    for number in range(_DECIDED):
        violation = ask("/v1/violations/next")["violation"]
        dismissed = {"action": "dismiss", "ground": "data_error", "reason": "misread"}
        ask(f"/v1/violations/{violation}/transitions", dismissed if number % 6 == 0 else {"action": "confirm"})


if __name__ == "__main__":
    main()
