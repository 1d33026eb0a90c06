"""The queue while things come in and somebody is at work in it: nothing is lost, nothing is done twice."""

from urllib.parse import urlsplit

from playwright.sync_api import Page, Request, Route, expect

from tests.console.browser.site import Site

_AS_IF_AWAY = """away => {
    Object.defineProperty(document, "hidden", { configurable: true, get: () => away });
    document.dispatchEvent(new Event("visibilitychange"));
}"""

_PRESSED = "given => document.activeElement.dispatchEvent(new KeyboardEvent('keydown', given))"


def _asks_for_the_list(request: Request) -> bool:
    return request.resource_type == "fetch" and urlsplit(request.url).path == "/console/"


def _goes(page: Page, path: str) -> None:
    with page.expect_request("**/v1/violations/stream"):
        page.goto(path)


def test_what_comes_in_is_told_where_it_belongs_and_takes_nothing_away(site: Site) -> None:
    with site.visit("officer") as visit:
        page, show = visit.page, visit.page.locator("#news button")
        first = page.locator("tbody input[type=checkbox]").first

        # What the filters leave out is no news.
        _goes(page, "/console/?severity=serious")
        first.check()
        with page.expect_response(lambda answer: _asks_for_the_list(answer.request), timeout=15_000):
            site.arrives()
        page.wait_for_timeout(200)
        expect(show).to_be_hidden()
        expect(first).to_be_checked()

        # Enter asks once, and Back leads to a page that is as alive as it was.
        _goes(page, "/console/")
        asked = list[str]()
        page.on("request", lambda request: asked.append(request.url) if "q=RUS" in request.url else None)
        entries = page.evaluate("history.length")
        page.locator(".gg-filters summary").click()
        page.locator("#q").fill("RUS")
        page.locator("#q").press("Enter")
        page.wait_for_url("**q=RUS**")
        page.wait_for_timeout(500)
        assert (len(asked), page.evaluate("history.length")) == (1, entries + 1)
        with page.expect_request("**/v1/violations/stream"):
            page.go_back()
        expect(page.locator("#show-keys")).to_be_visible()
        expect(page.locator("#q")).to_have_value("")

        # The list is on its way when somebody begins to write.
        held = list[Route]()
        page.route("**/console/", lambda route: held.append(route))  # noqa: PLW0108 (Playwright marks what it calls)
        with page.expect_request(_asks_for_the_list, timeout=15_000):
            violation = site.arrives()
        page.locator("#reason").fill("asked the carrier")
        held[0].continue_()
        expect(show).to_be_visible()
        page.unroute("**/console/")
        expect(page.locator("#reason")).to_have_value("asked the carrier")
        first.check()
        chosen = str(first.get_attribute("value"))
        show.click()
        expect(page.locator(f"tr[data-violation='{violation}']")).to_have_class("gg-new")
        expect(page.locator("#reason")).to_have_value("asked the carrier")
        expect(page.locator(f"input[value='{chosen}']")).to_be_checked()
        expect(page.locator("tbody input:checked")).to_have_count(1)
        expect(show).to_be_hidden()

        # Whoever comes back is shown what came meanwhile; and is told where nothing comes in any more.
        page.evaluate(_AS_IF_AWAY, arg=True)
        with page.expect_request(_asks_for_the_list):
            page.evaluate(_AS_IF_AWAY, arg=False)
        page.route("**/v1/violations/stream", lambda route: route.fulfill(status=503))
        page.goto("/console/")
        expect(page.locator("#news")).to_contain_text("no longer shows what comes in")


def test_keys_and_clicks_do_what_they_say_and_once(site: Site) -> None:
    with site.visit("officer") as visit:
        page, press = visit.page, visit.page.keyboard.press
        posted = list[str]()
        page.on("request", lambda request: posted.append(request.url) if request.method == "POST" else None)
        site.arrives()
        page.goto("/console/?severity=grave&status=open")
        every, boxes = page.locator("#choose-all"), page.locator("tbody input[type=checkbox]")
        every.focus()
        press("Space")
        expect(page.locator("tbody input:checked")).to_have_count(boxes.count())
        press("Enter")
        # The keys of a Russian layout.
        for key, code in (("о", "KeyJ"), ("ч", "KeyX")):
            page.evaluate(_PRESSED, {"key": key, "code": code, "bubbles": True})
        expect(page.locator("tbody tr").first.locator("a.gg-open")).to_be_focused()
        expect(boxes.first).not_to_be_checked()
        if boxes.count() > 1:
            assert every.evaluate("box => box.indeterminate")
        assert not page.locator("#several").evaluate("form => form.checkValidity()"), "no action is chosen"
        boxes.first.focus()
        press("Space")
        press("Enter")
        expect(page.locator("#why")).to_be_visible()
        assert posted == []

        page.locator("button[value=take]").click()
        expect(page.get_by_role("status")).to_contain_text("You have it in hand now.")
        page.locator("details:has(button[value=comment]) > summary").click()
        page.locator("#comment-reason").fill("the carrier was called")
        page.locator("button[value=comment]").dblclick()
        expect(page.get_by_role("status")).to_contain_text("Your comment is in the timeline.")
        expect(page.get_by_text("the carrier was called")).to_have_count(1)
        page.reload()
        expect(page.get_by_text("Your comment is in the timeline.")).to_have_count(0)

        page.locator("details:has(button[value=dismiss]) > summary").click()
        page.locator("#dismiss-reason").fill("misread")
        page.locator("#dismiss-ground").evaluate("field => { field.required = false; }")
        page.locator("button[value=dismiss]").click()
        expect(page.locator("#dismiss-ground")).to_have_attribute("aria-describedby", "dismiss-ground-fault")
        expect(page.locator("#dismiss-reason")).to_have_value("misread")
        assert visit.faults() == []
