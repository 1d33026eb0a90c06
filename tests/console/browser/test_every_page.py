"""Every page in every language, wide and narrow: axe finds nothing, nothing is cut off, a picture is kept."""

from collections.abc import Callable, Mapping
from typing import Final

import pytest

from tests.console.browser.site import NARROW, WIDE, Site, Visit
from tests.console.reading import LANGUAGES


def at(path: str) -> Callable[[Site, Visit], None]:
    def go(site: Site, visit: Visit) -> None:
        del site
        visit.page.goto(path)

    return go


def _violation(site: Site, visit: Visit) -> None:
    """In somebody's hands, with all forms open."""
    found = site.arrives()
    visit.page.goto(f"/console/violations/{found}")
    visit.page.click("button[value=take]")
    visit.page.get_by_role("status").wait_for()
    visit.page.evaluate("document.querySelectorAll('main details').forEach((each) => { each.open = true; })")


def _refused(site: Site, visit: Visit) -> None:
    visit.page.goto(f"/console/violations/{site.arrives()}")
    visit.page.locator("form:has(button[value=take])").evaluate(
        "(form) => { form.querySelector('button').value = 'uphold'; }"
    )
    visit.page.click("button[value=uphold]")
    visit.page.get_by_role("alert").wait_for()


def _several(site: Site, visit: Visit) -> None:
    site.arrives()
    visit.page.goto("/console/")
    for box in visit.page.locator("tbody input[type=checkbox]").all()[:3]:
        box.check()
    visit.page.locator("#action").select_option("confirm")
    visit.page.locator("#several button").click()
    visit.page.wait_for_url("**/several")


def _keys(site: Site, visit: Visit) -> None:
    del site
    visit.page.goto("/console/account")
    visit.page.keyboard.press("?")
    visit.page.get_by_role("dialog").wait_for()


def _crossing(site: Site, visit: Visit) -> None:
    visit.page.goto(f"/console/violations/{site.arrives()}")
    visit.page.locator("a[href^='/console/crossings/']").first.click()
    visit.page.wait_for_url("**/crossings/**")
    visit.page.locator("main details").first.wait_for(state="attached")
    visit.page.evaluate("document.querySelectorAll('main details').forEach((each) => { each.open = true; })")


def _menu(site: Site, visit: Visit) -> None:
    del site
    visit.page.goto("/console/account")
    visit.page.locator(".gg-me summary").click()


def _subject(site: Site, visit: Visit) -> None:
    visit.page.goto(f"/console/subjects/{site.stays()}")


PAGES: Final[Mapping[str, Callable[[Site, Visit], None]]] = {
    "queue": at("/console/"),
    "filters": at("/console/?severity=serious&status=all"),
    "several": _several,
    "missing": at("/console/missing"),
    "violation": _violation,
    "refused": _refused,
    "find": at("/console/find?q=ericson"),
    "crossing": _crossing,
    "subject": _subject,
    "situation": at("/console/situation"),
    "rules": at("/console/rules"),
    "rule": at("/console/rules/CHN-CAR-001"),
    "checkpoints": at("/console/checkpoints"),
    "account": at("/console/account"),
    "keys": _keys,
    "menu": _menu,
    "error": at("/console/nowhere"),
}
"""How each is reached by whoever is signed in; a new page belongs here."""


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_fit_for_everybody(site: Site, name: str, language: str) -> None:
    with site.window(language) as visit:
        PAGES[name](site, visit)
        assert visit.page.locator("html").get_attribute("lang") == {"zh": "zh-Hans"}.get(language, language)
        visit.check(f"{name}-{language}")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_menu_takes_little_room_and_tables_hide_no_column(site: Site, language: str) -> None:
    with site.window(language) as visit:
        for name in ("find", "rules", "checkpoints", "violation"):
            PAGES[name](site, visit)
            for size, tallest in ((WIDE, 60), (NARROW, 90)):
                visit.page.set_viewport_size(size)
                assert visit.page.evaluate("document.querySelector('header').offsetHeight") <= tallest, name
                beyond = "(all) => all.filter((each) => each.scrollWidth > each.clientWidth).length"
                assert visit.page.locator(".table-responsive:has(.gg-stack)").evaluate_all(beyond) == 0, name
            visit.page.set_viewport_size(WIDE)


@pytest.mark.parametrize("language", LANGUAGES)
def test_so_is_the_page_for_signing_in(site: Site, language: str) -> None:
    with site.visit(language=language) as visit:
        visit.page.goto("/console/sign-in")
        visit.check(f"sign-in-{language}")


@pytest.mark.parametrize("name", ["queue", "violation"])
def test_so_are_pages_in_the_dark(site: Site, name: str) -> None:
    with site.visit("supervisor", color_scheme="dark") as visit:
        PAGES[name](site, visit)
        assert visit.page.locator("html").get_attribute("data-bs-theme") == "dark"
        assert visit.faults() == []
        visit.keep(f"{name}-dark")


def test_a_violation_prints_without_what_only_a_screen_needs(site: Site) -> None:
    with site.visit("supervisor") as visit:
        _violation(site, visit)
        visit.page.emulate_media(media="print")
        assert not visit.page.locator("header").is_visible()
        assert not visit.page.get_by_role("button").first.is_visible()
        assert visit.page.locator("#why").is_visible()
        visit.keep("violation-print")
