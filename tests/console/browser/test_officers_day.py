"""An officer's day in a browser, in each language: what comes in, why, deciding, a second pair of eyes, an appeal."""

from typing import Final

import pytest
from playwright.sync_api import Page, expect

from tests.console.browser.site import NARROW, Site
from tests.console.reading import LANGUAGES
from tests.service.serving import PASSWORD

_WHY: Final = {"en": "Observation: went round the control", "ru": "обошёл контроль", "zh": "绕越检查"}
_DISMISSED: Final = {"en": "dismissed", "ru": "отклонено", "zh": "已驳回"}
_UPHELD: Final = {"en": "upheld", "ru": "оставлено в силе", "zh": "已维持"}


def enter(page: Page, login: str) -> None:
    page.goto("/console/")
    page.fill("#login", login)
    page.fill("#password", PASSWORD)
    page.locator("main button").click()
    expect(page.locator("#found")).to_be_visible()


def decide(page: Page, action: str, **fields: str) -> None:
    """Fill in the form of an action and send it."""
    button = page.locator(f"button[name=action][value={action}]")
    details = page.locator("details.gg-action", has=button)
    if details.count():
        details.locator("summary").click()
    for name, value in fields.items():
        field = page.locator(f"#{action}-{name}")
        if field.evaluate("(each) => each.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)
    button.click()
    expect(page.get_by_role("status").first).to_be_visible()


def saved(page: Page, link: str) -> bytes:
    """What a link of the page gives, in a session of the page's own."""
    answer = page.request.get(str(page.locator(link).first.get_attribute("href")))
    assert answer.ok, answer.text()
    return answer.body()


@pytest.mark.parametrize("language", LANGUAGES)
def test_from_signing_in_to_an_appeal(site: Site, language: str) -> None:
    site.speaks("officer", language)
    with site.visit(language=language) as mine, site.visit("second", language) as theirs:
        page = mine.page
        enter(page, "officer")

        # What comes in appears by itself; the page is the same one all the while.
        page.evaluate("window.stayed = true")
        with page.expect_request("**/v1/violations/stream"):
            page.reload()
        page.evaluate("window.stayed = true")
        violation = site.arrives()
        expect(page.locator(f"tr[data-violation='{violation}']")).to_be_visible(timeout=15_000)
        assert page.evaluate("window.stayed")

        page.locator("#next button").click()
        expect(page.locator("#why")).to_be_visible()
        expect(page.locator(".gg-why")).not_to_be_empty()
        decide(page, "dismiss", ground="data_error", reason="misread")
        expect(page.locator("main")).to_contain_text(_DISMISSED[language])

        page.goto(f"/console/violations/{violation}")
        if page.locator("button[value=take]").count():
            decide(page, "take")
            expect(page.locator(".gg-why")).to_contain_text(_WHY[language])
        else:  # it was the next one itself
            violation = site.arrives()
            page.goto(f"/console/violations/{violation}")
            decide(page, "take")
        decide(page, "confirm", reason="seen by the camera")
        expect(page.locator("button[value=close]")).to_have_count(0)

        other = theirs.page
        other.goto(f"/console/violations/{violation}")
        decide(other, "close", measure="fine", protocol=f"CN-{language}-1")
        page.reload()
        assert saved(page, "a[href*='record.pdf']").startswith(b"%PDF-")
        decide(page, "appeal", reason="the camera stood elsewhere")
        expect(page.locator("button[value=uphold]")).to_have_count(0)
        other.reload()
        decide(other, "uphold", reason="it did not")
        expect(other.locator("main")).to_contain_text(_UPHELD[language])
        expect(other.locator(".gg-timeline li")).to_have_count(6)

        page.goto("/console/?severity=grave&status=all")
        assert violation in saved(page, "a[href*='csv']").decode()


def test_nothing_moves_under_somebodys_hands(site: Site) -> None:
    with site.visit("officer") as visit:
        page = visit.page
        with page.expect_request("**/v1/violations/stream"):
            page.goto("/console/")
        page.locator("tbody input[type=checkbox]").first.check()
        violation = site.arrives()
        show = page.locator("#news button")
        expect(show).to_be_visible(timeout=15_000)
        assert page.locator("tbody input:checked").count() == 1
        assert page.locator(f"tr[data-violation='{violation}']").count() == 0
        show.click()
        expect(page.locator(f"tr[data-violation='{violation}']")).to_have_class("gg-new")


def test_filters_are_kept_in_the_address(site: Site) -> None:
    with site.visit("officer") as visit:
        page = visit.page
        site.arrives()
        page.goto("/console/")
        page.locator(".gg-filters summary").click()
        page.locator("#severity").select_option("grave")
        page.wait_for_url("**severity=grave**")
        expect(page.locator("tbody .gg-serious")).to_have_count(0)
        saved = page.url
        page.goto("/console/account")
        page.goto(saved)
        assert page.locator("#severity").input_value() == "grave"
        assert page.locator("tbody .gg-grave").count() > 0


def test_by_keys_alone(site: Site) -> None:
    with site.visit() as visit:
        page, press = visit.page, visit.page.keyboard.press
        site.arrives()
        page.goto("/console/sign-in")
        expect(page.locator("#login")).to_be_focused()
        page.keyboard.type("officer")
        press("Tab")
        page.keyboard.type(PASSWORD)
        press("Enter")
        expect(page.locator("#found")).to_be_visible()
        press("Tab")
        expect(page.locator(".skip")).to_be_focused()
        press("Enter")

        press("?")
        expect(page.get_by_role("dialog")).to_be_visible()
        press("Escape")
        expect(page.get_by_role("dialog")).to_be_hidden()
        press("j")
        press("j")
        press("ArrowUp")
        expect(page.locator("tbody tr").first.locator("a.gg-open")).to_be_focused()
        press("x")
        expect(page.locator("tbody input").first).to_be_checked()
        press("Enter")
        expect(page.locator("#why")).to_be_visible()
        press("n")
        expect(page.get_by_role("status").first).to_be_visible()

        summary = page.locator("details:has(button[value=leave_inconclusive]) > summary")
        for _ in range(60):
            press("Tab")
            if summary.evaluate("(each) => each === document.activeElement"):
                break
        expect(summary).to_be_focused()
        press("Enter")
        press("Tab")
        page.keyboard.type("nothing to be seen")
        press("Tab")
        press("Enter")
        expect(page.locator("main")).to_contain_text("It was left inconclusive, in your name.")


def test_single_letters_can_be_switched_off(site: Site) -> None:
    with site.visit("officer") as visit:
        page = visit.page
        page.goto("/console/")
        page.locator("#show-keys").click()
        page.locator("#use-keys").uncheck()
        page.keyboard.press("Escape")
        page.keyboard.press("j")
        assert page.locator("tbody a:focus").count() == 0


def test_without_javascript_and_on_a_phone(site: Site) -> None:
    violation = site.arrives()
    with site.visit(java_script_enabled=False, viewport=NARROW) as visit:
        page = visit.page
        enter(page, "officer")
        expect(page.locator("#choose-all")).to_be_hidden()
        page.goto(f"/console/violations/{violation}")
        for action, fields in (("take", {}), ("dismiss", {"ground": "identity_wrong"})):
            details = page.locator(f"details:has(button[value={action}]) > summary")
            if details.count():
                details.click()
            for name, value in fields.items():
                page.locator(f"#{action}-{name}").select_option(value)
            page.locator(f"button[value={action}]").click()
            expect(page.get_by_role("status").first).to_be_visible()
        expect(page.locator("main")).to_contain_text("dismissed")
