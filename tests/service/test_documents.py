"""Records of violations as an officer prints them, and as somebody at a desk checks them."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import typst
from httpx2 import Response

from app.documents.labels import Language
from app.documents.record import Record
from app.documents.wording import worded
from app.identity.remit import Remit
from app.identity.roles import Role
from tests.factories import event
from tests.service.serving import EXPIRED, Person, Service, serving

HOSTILE = '#panic("x") $x$ \\ @a *b* _c_ <d> `e` // f /* "g" #sys.inputs ' + "y" * 80


@pytest.fixture(scope="module")
def service(module_database_url: str) -> Iterator[Service]:
    with serving(module_database_url) as running:
        # As of a real clock: PDF knows whole seconds only.
        running.clock.move(timedelta(microseconds=123456))
        yield running


@pytest.fixture(scope="module")
def officer(service: Service) -> Person:
    return service.person("officer")


@pytest.fixture(scope="module")
def elsewhere(service: Service) -> Person:
    return service.person("elsewhere", remit=Remit(("KAZ",)))


@pytest.fixture
def violation(service: Service) -> str:
    number = f"E{service.count('crossings'):08}"
    document = {"persons__0__document__number": number, "persons__0__document__expires_on": EXPIRED}
    answer = service.post(event(**{"id": number, **document})).json()
    return str(next(each["violation"] for each in answer["findings"] if each["violation"]))


@pytest.fixture
def texts(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What was typeset."""
    seen: list[dict[str, Any]] = []

    def seeing(record: Record, language: Language) -> dict[str, Any]:
        seen.append(worded(record, language))
        return seen[-1]

    monkeypatch.setattr("app.documents.typesetting.worded", seeing)
    return seen


def printed(asking: Person | Service, violation: str, language: str | None = None) -> Response:
    answer = asking.get(f"/v1/violations/{violation}/record.pdf", params={"language": language} if language else {})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-")
    return answer


def flat(value: Any) -> str:  # noqa: ANN401 (texts in lists and mappings)
    if isinstance(value, str):
        return value.replace("\u200b", "")
    return "\n".join(map(flat, value.values() if isinstance(value, dict) else value))


def test_a_record_tells_what_happened_why_by_which_law_and_who_decided(
    officer: Person, violation: str, texts: list[dict[str, Any]]
) -> None:
    officer.do(violation, "take")
    officer.do(violation, "confirm", reason="the passport was seen")
    officer.post(f"/v1/violations/{violation}/comments", {"text": "between colleagues"})
    officer.do(violation, "close", measure="a fine of 2,000", protocol="RU-17/2026")
    printed(officer, violation)
    told = flat(texts[0])
    key = officer.get(f"/v1/violations/{violation}").json()["subject"]["key"]
    for part in (
        "The rules engine found a violation of the rule RUS-TDOC-001",
        f"by Person, driver ({key}) at RUS-ZABAYKALSK (Zabaykalsk)",
        "on 1 March 2026, 09:15 (UTC+09:00).",
        "The last decision of an officer: confirmed.",
        "Expired document",
        "before Date of crossing (1 March 2026)",
        "1 February 2026",
        "RF Law 4730-I",
        "Source: https://zakonrf.info/doc-13437473/r3-st11 (read in the text)",
        "RUB",
        "foreign citizens",
        "The officer",
        "the passport was seen",
        "Measure taken: a fine of 2,000",
        "RU-17/2026",
    ):
        assert part in told
    # Who signs it must know that it is about them.
    for part in ("ERIKSSON ANNA MARIA", "2 April 1990"):
        assert part in told
    # What colleagues note is theirs.
    assert "between colleagues" not in told


@pytest.mark.parametrize(
    ("language", "parts"),
    [
        ("ru", ("Протокол о нарушении", "Просроченный документ", "1 марта 2026", "въезд", "иностранные граждане")),
        ("zh", ("违规笔录", "证件过期", "2026年3月1日", "入境", "外国公民", "尚无人作出决定")),
    ],
)
def test_a_record_is_in_the_language_asked_for(
    service: Service, violation: str, texts: list[dict[str, Any]], language: str, parts: tuple[str, ...]
) -> None:
    assert printed(service, violation, language).headers["content-language"] == language
    for part in parts:
        assert part in flat(texts[0])


def test_the_same_record_has_the_same_bytes_until_something_is_decided(
    service: Service, officer: Person, violation: str
) -> None:
    first = printed(service, violation)
    assert printed(officer, violation).content == first.content
    officer.post(f"/v1/violations/{violation}/comments", {"text": "between colleagues"})
    assert printed(service, violation).content == first.content
    officer.do(violation, "take")
    assert printed(service, violation).content != first.content


def test_nothing_that_somebody_writes_is_taken_for_markup(
    officer: Person, violation: str, texts: list[dict[str, Any]]
) -> None:
    officer.do(violation, "take")
    officer.do(violation, "confirm", reason=HOSTILE)
    officer.do(violation, "close", measure=HOSTILE, protocol='"#1$\\')
    for language in ("en", "ru", "zh"):
        printed(officer, violation, language)
    assert flat(texts[0]).count(HOSTILE) == 2


def test_a_character_that_no_font_has_keeps_nobody_from_printing(officer: Person, violation: str) -> None:
    officer.do(violation, "take")
    officer.do(violation, "confirm", reason="🛃")
    printed(officer, violation)


def test_a_record_is_for_whose_remit_the_violation_is_in(service: Service, elsewhere: Person, violation: str) -> None:
    answer = elsewhere.get(f"/v1/violations/{violation}/record.pdf")
    assert answer.status_code == 404
    assert service.get(f"/v1/violations/{violation}/record.pdf?language=fr").status_code == 422


def test_a_print_is_told_genuine_and_newest_then_genuine_and_outdated(
    service: Service, officer: Person, elsewhere: Person, violation: str, texts: list[dict[str, Any]]
) -> None:
    printed(officer, violation)
    code = texts[0]["code"]

    def checked(given: str, violation: str = violation) -> dict[str, Any]:
        answer = elsewhere.get(f"/v1/records/{given}", params={"violation": violation})
        return {"http": answer.status_code, **answer.json()}

    first = checked(code)
    assert (first["http"], first["newest"], first["status"], first["outcome"]) == (200, True, "open", None)
    assert (first["rule"], first["checkpoint"]) == ("RUS-TDOC-001", "RUS-ZABAYKALSK")
    assert checked(code.lower().replace("-", " ").replace("0", "o").replace("1", "l"))["newest"]
    officer.do(violation, "take")
    officer.do(violation, "dismiss", ground="data_error", reason="misread")
    assert checked(code) == first | {"newest": False}
    printed(officer, violation)
    second = checked(texts[1]["code"])
    assert (second["newest"], second["status"], second["outcome"]) == (True, "dismissed", "dismissed")
    wrong = ("0" if code[0] != "0" else "1") + code[1:]
    for given, of in ((wrong, violation), (code, "nobody"), (code, "a\x00b"), ("", violation), ("x" * 4000, violation)):
        assert checked(given, of)["http"] == 404
    with pytest.raises(typst.TypstError):
        typst.compile(b'#panic("shows that the test of markup could fail")')
    assert service.get(f"/v1/records/{code}?violation={violation}", Role.AUTHOR).status_code == 403
