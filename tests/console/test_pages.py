"""What every page has in common: who may open it, in which language, with which headers; errors; signing in and out."""

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from app.web.console import static
from tests.console.reading import LANGUAGES, Reader, in_each, read, reader
from tests.service.serving import PASSWORD, Service


def test_the_first_page_is_the_console(service: Service) -> None:
    assert service.client.get("/", follow_redirects=False).headers["location"] == "/console/"


def test_who_is_not_signed_in_is_led_to_do_so_and_then_back(service: Service, officer: Reader) -> None:
    answer = service.client.get("/console/account?a=1", follow_redirects=False)
    assert answer.status_code == 303
    form = read(service.client.get(answer.headers["location"])).forms[-1]
    assert form.fields["back"] == "/console/account?a=1"
    sent = {"login": "officer", "password": PASSWORD, "back": form.fields["back"]}
    entered = service.client.post(form.action, data=sent, follow_redirects=False)
    service.client.cookies.clear()
    assert (entered.status_code, entered.headers["location"]) == (303, "/console/account?a=1")
    assert officer.opens("/console/account").status == 200


@pytest.mark.parametrize("back", ["https://elsewhere.example/", "//elsewhere.example", "/console/\\elsewhere", "/v1"])
def test_nobody_is_led_elsewhere(service: Service, officer: Reader, back: str) -> None:
    del officer
    sent = {"login": "officer", "password": PASSWORD, "back": back}
    answer = service.client.post("/console/sign-in", data=sent, follow_redirects=False)
    service.client.cookies.clear()
    assert answer.headers["location"] == "/console/"


@pytest.mark.parametrize(
    ("language", "told"),
    [("en", "not right"), ("ru", "Неверное имя"), ("zh", "密码不正确"), ("fr, ru;q=0.5", "Неверное")],
)
def test_a_refusal_is_told_in_the_language_of_the_browser(service: Service, language: str, told: str) -> None:
    sent = {"login": "nobody", "password": "wrong"}
    page = read(service.client.post("/console/sign-in", data=sent, headers={"Accept-Language": language}))
    assert page.status == 401
    assert told in page.text


def test_the_language_that_is_chosen_is_kept_with_the_account(service: Service) -> None:
    person = reader(service, "polyglot")
    answer = person.sends("/console/language", {"language": "zh", "back": "/console/account"})
    assert answer.headers["location"] == "/console/account"
    service.client.cookies.clear()
    page = person.opens("/console/account")
    assert page.language == "zh-Hans"
    assert "我的账户" in page.text


def test_whoever_signs_out_is_out(service: Service) -> None:
    leaving = reader(service, "leaving")
    assert leaving.sends("/console/sign-out").headers["location"] == "/console/sign-in"
    assert leaving.opens("/console/account", follow_redirects=False).status == 303


def test_pages_may_use_nothing_but_what_the_service_serves(officer: Reader) -> None:
    answer = officer.client.get("/console/account", headers=officer.header)
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert answer.headers["cache-control"] == "no-store"
    assert "<style" not in answer.text
    assert " style=" not in answer.text
    assert " on" + "click" not in answer.text
    assert "://" not in answer.text


def test_another_site_cannot_sign_anybody_in_or_out(service: Service) -> None:
    for path in ("/console/sign-in", "/console/sign-out", "/console/language"):
        answer = service.client.post(path, data={"language": "ru"}, headers={"Sec-Fetch-Site": "cross-site"})
        assert answer.status_code == 403, path


def test_files_are_kept_for_good_under_their_digest_alone(service: Service) -> None:
    for name, file in static.files().items():
        answer = service.client.get(static.address(name))
        assert answer.content == file.content
        assert "immutable" in answer.headers["cache-control"]
        again = service.client.get(static.address(name), headers={"If-None-Match": answer.headers["etag"]})
        assert again.status_code == 304
    assert service.client.get("/console/static/old/console.css").headers["cache-control"] == "no-cache"
    assert service.client.get("/console/static/old/..%2f__init__.py").status_code == 404


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_not_there_is_told_as_a_page(officer: Reader, language: str) -> None:
    page = officer.opens("/console/nowhere", language)
    titles = {"en": "Not found", "ru": "Не найдено", "zh": "未找到"}
    assert page.status == 404
    assert titles[language] in page.text
    assert "/console/account" in page.links


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "query",
    [
        "/?severity=x&since=x&mine=x&sort=x&cursor=x",
        "/?cursor=x",
        "/situation?from=2026-03-02&until=2026-03-01",
        "/rules?page=0&regime=x&jurisdiction=123456789",
        "/subjects/CHN%3AX?on=x",
    ],
)
def test_what_is_wrong_with_a_form_is_told_in_the_language_of_the_page(
    officer: Reader, query: str, language: str
) -> None:
    page = officer.opens(f"/console{query}", language)
    assert page.status == 422
    listed = page.html.partition("<h1")[2].partition("</main>")[0]
    assert "<li>" in listed
    assert "Input should" not in listed
    assert 'lang="en"' not in listed


def test_a_fault_of_the_service_tells_people_what_people_can_do(
    officer: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr("app.web.console.account.page", broken)
    quiet = TestClient(officer.service.app, raise_server_exceptions=False)
    page = read(quiet.get("/console/account", headers=officer.header))
    assert page.status == 500
    assert "tell the operator the number of the request" in page.text
    assert "instance" not in page.text
    assert "secret" not in page.text


def test_the_account_says_what_one_may_do(officer: Reader, author: Reader) -> None:
    for page, told in zip(in_each(officer, "/console/account"), ("officer", "сотрудник", "官员"), strict=True):
        assert told in page.text
    assert "put rules in force" in author.opens("/console/account").text


def test_styles_and_scripts_are_in_the_package() -> None:
    assert {"console.css", "console.js", "vendor/htmx.min.js", "vendor/tabler.min.css"} <= static.files().keys()
    vendored = Path(static.__file__).with_name("static") / "vendor"
    assert {each.name for each in vendored.glob("*.LICENSE")} == {"htmx.LICENSE", "tabler.LICENSE"}
