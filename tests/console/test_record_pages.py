"""Pages on what is on record: find, crossing, subject, situation, rules, checkpoints; each in every language."""

from pathlib import Path
from typing import Any

import pytest

from app.identity.roles import Role
from app.web.console.maps import drawn
from tests.console.reading import LANGUAGES, Page, Reader, in_each, reader
from tests.factories import event
from tests.service.serving import EXPIRED, Service, serving, several


def send(service: Service, identifier: str, **changes: object) -> dict[str, Any]:
    number = f"R{sum(map(ord, identifier)):08}"
    body = event(**{"id": identifier, "persons__0__document__number": number, **changes})
    answer: dict[str, Any] = service.post(body).json()
    return answer | {"key": f"CHN:{number}"}


def test_what_is_found_leads_to_its_pages(service: Service, officer: Reader, elsewhere: Reader) -> None:
    made = send(service, "found", persons__0__surname="KHABIBULLIN", persons__0__document__expires_on=EXPIRED)
    headings = {"en": "Persons and companies", "ru": "Лица и организации", "zh": "人员与单位"}
    for page in in_each(officer, "/console/find?q=Хабибулин"):
        assert headings[page.language[:2]] in page.text
        assert "KHABIBULLIN" in page.text
        assert f"/console/crossings/{made['crossing']}" in page.links
        assert any(link.startswith("/console/violations/") for link in page.links)
        opened = [officer.opens(link).status for link in page.links if link.startswith("/console/subjects/")]
        assert opened == [200] * len(opened) != []
    nothing = elsewhere.opens("/console/find?q=Хабибулин")
    assert "KHABIBULLIN" not in nothing.text
    assert elsewhere.opens("/console/find").status == 200


def test_what_is_found_is_told_by_the_name_and_the_clock_of_the_checkpoint(service: Service, officer: Reader) -> None:
    made = send(service, "by-the-clock", persons__0__document__expires_on=EXPIRED)
    key = made["key"].replace(":", "%3A")
    for path in ("/console/find?q=by-the-clock", f"/console/subjects/{key}"):
        page = officer.opens(path, "en")
        assert "1 Mar 2026, 09:15" in page.text
        assert "Zabaykalsk" in page.text
        assert "RUS-ZABAYKALSK" not in page.text
        assert "UTC" not in page.text


def test_a_crossing_tells_of_each_subject_what_every_rule_says_and_why(service: Service, officer: Reader) -> None:
    crossing = service.post(several(id="bus")).json()["crossing"]
    told = {
        "en": ("Crossing bus", "✗ violated", "no violation", "does not apply", "Does the rule apply?", "Zabaykalsk"),
        "ru": ("Пересечение", "✗ нарушено", "нарушения нет", "не применяется", "Применимо ли правило?"),
        "zh": ("出入境通行 bus", "✗ 违规", "未违规", "不适用", "规则是否适用？", "Zabaykalsk"),
    }
    for page in in_each(officer, f"/console/crossings/{crossing}"):
        assert [word for word in told[page.language[:2]] if word not in page.text] == []
        assert "RUS-TDOC-003" not in page.text, "a shadow rule accuses nobody"
    of_the_carrier = officer.opens(f"/console/crossings/{crossing}?subject=legal_entity-0", "en")
    assert "What the rules say of Steppe Carriage" in of_the_carrier.text
    assert "RUS-TCAR-001" in of_the_carrier.text


def test_of_many_persons_those_accused_are_listed_first(
    service: Service, officer: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.web.console.crossings._PAGE", 2)
    persons = [event()["persons"][0] for _ in range(5)]
    for number, person in enumerate(persons):
        person["surname"], person["document"]["number"] = f"PERSON{number}", f"MANY{number}"
        person["role"] = "passenger" if number else "driver"
    persons[4]["document"]["expires_on"] = EXPIRED
    crossing = service.post(event(id="many", persons=persons)).json()["crossing"]

    def listed(page: Page) -> list[str]:
        return [link for link in page.links if link.startswith("?subject=") and link.endswith("#rules")]

    first = officer.opens(f"/console/crossings/{crossing}", "en")
    assert listed(first)[0].startswith("?subject=individual-4&")
    pages = [officer.opens(f"/console/crossings/{crossing}?page={number}") for number in (1, 2, 3)]
    assert len({link.partition("&")[0] for page in pages for link in listed(page)}) == 6, "the carrier too"
    assert "What the rules say of PERSON4" in first.text
    assert "MANY4" in first.text.partition("What the event says of it")[2]
    other = officer.opens(f"/console/crossings/{crossing}?subject=individual-2&page=3")
    assert "What the rules say of PERSON2" in other.text
    assert "?subject=individual-2&page=2" in other.links


def test_what_an_event_says_has_units_and_counts_persons_from_one(service: Service, officer: Reader) -> None:
    seen = {"kind": "explanation_refused", "at": "2026-03-01T09:20:00+09:00", "person": 0}
    vehicle = {"vehicle__distinguishing_sign": "CHN", "vehicle__gross_weight_kg": 38000, "vehicle__country": "CHN"}
    made = send(service, "units", observations=[seen], **vehicle)
    told = {
        "en": ("Gross weight38,000 kg", "Person concerned1", "Distinguishing signCHN", "Vehicle's stateChina (CHN)"),
        "ru": ("Полная масса38 000 кг", "Лицо1", "Отличительный знакCHN", "Страна регистрации ТСКитай (CHN)"),
        "zh": ("总重38,000 kg", "涉及人员1", "识别标志CHN", "车辆注册国中国 (CHN)"),
    }
    for page in in_each(officer, f"/console/crossings/{made['crossing']}"):
        text = page.text.replace("</dt> <dd>", "")
        assert [word for word in told[page.language[:2]] if word not in text] == []


def test_a_crossing_too_large_to_be_judged_anew_tells_what_was_decided(
    service: Service, officer: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.web.console.crossings._MOST_JUDGED", 0)
    crossing = send(service, "large", persons__0__document__expires_on=EXPIRED)["crossing"]
    page = officer.opens(f"/console/crossings/{crossing}", "en")
    assert "judging it again would take too long" in page.text
    assert "✗ violated" in page.text
    carrier = officer.opens(f"/console/crossings/{crossing}?subject=legal_entity-0")
    assert "✓ no violation" in carrier.text


def test_a_withdrawn_crossing_says_so(service: Service, officer: Reader) -> None:
    crossing = send(service, "withdrawn")["crossing"]
    sent = {"reason": "never was"}
    answer = service.client.post(f"/v1/crossings/{crossing}/withdrawal", json=sent, headers=officer.header)
    assert answer.status_code == 201
    page = officer.opens(f"/console/crossings/{crossing}", "en")
    assert "taken back by its sender" in page.text
    assert (page.status, "Its sender took it back" in page.text, "never was" in page.text) == (200, True, True)


def test_the_days_of_a_stay_are_a_calendar_that_is_read_without_colour(service: Service, officer: Reader) -> None:
    role = {"persons__0__role": "passenger", "persons__0__document__number": "R7"}
    send(service, "stay-1", occurred_at="2026-10-30T09:00:00+09:00", **role)
    send(service, "stay-2", occurred_at="2026-11-02T09:00:00+09:00", direction="exit", **role)
    told = {
        "en": ("November 2026", "4 days counted"),
        "ru": ("ноябрь 2026", "засчитано 4 дня"),
        "zh": ("2026年11月", "计入4天"),
    }
    for page in in_each(officer, "/console/subjects/CHN%3AR7?territory=RUS"):
        assert page.status == 200
        assert [word for word in told[page.language[:2]] if word not in page.text] == []
    marked = page.html.count('class="gg-sign gg-sign-counted" aria-hidden="true">●')
    assert marked == 1 + 4, "in the legend and on each day"
    assert officer.opens("/console/subjects/CHN%3AR7?territory=XXQ", "en").status == 200


def test_a_company_has_no_stays_and_nobody_is_shown_outside_the_remit(
    service: Service, officer: Reader, elsewhere: Reader
) -> None:
    send(service, "company")
    page = officer.opens("/console/subjects/cn_uscc%3A91110000600037341L", "en")
    assert (page.status, "Stays, day by day" in page.text) == (200, False)
    assert elsewhere.opens("/console/subjects/cn_uscc%3A91110000600037341L").status == 404
    crossing = send(service, "not-theirs")["crossing"]
    assert elsewhere.opens(f"/console/crossings/{crossing}").status == 404


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_situation_is_shown_with_a_table_behind_each_chart(
    service: Service, officer: Reader, language: str
) -> None:
    send(service, f"situation-{language}", persons__0__document__expires_on=EXPIRED)
    page = officer.opens("/console/situation?from=2026-02-27&until=2026-03-02", language)
    assert page.status == 200
    assert page.html.count("<svg") > 3
    assert page.html.count("<table") >= page.html.count('<svg class="gg-chart') + page.html.count('<svg class="gg-map')
    listed = [link for link in page.links if link.startswith("/console/?")]
    counted = officer.opens(next(link for link in listed if "rule=RUS-TDOC-001" in link))
    assert f"situation-{language}" in counted.html or counted.html.count("/console/violations/") > 0
    assert officer.opens("/console/situation?from=2026-03-02&until=2026-03-01").status == 422


def test_a_map_has_each_place_where_it_lies_and_the_larger_the_more() -> None:
    made = drawn([("Brest", 52.1, 23.7, 9), ("Zabaykalsk", 49.7, 117.3, 1), ("Khorgos", 44.2, 80.4, 0)])
    assert made
    brest, zabaykalsk, khorgos = sorted(made.dots, key=lambda dot: -dot.value)
    assert brest.x < khorgos.x < zabaykalsk.x
    assert brest.y < khorgos.y, "north is up"
    assert brest.radius > zabaykalsk.radius > khorgos.radius
    assert made.land.startswith("M")
    assert drawn([]) is None


def test_rules_are_found_and_told_with_their_law_text_cases_and_history(officer: Reader, author: Reader) -> None:
    listed = author.opens("/console/rules?regime=carriage&q=tcar", "en")
    assert [link for link in listed.links if "/rules/" in link] == [
        "/console/rules/RUS-TCAR-001",
        "/console/rules/RUS-TCAR-002",
    ]
    told = {"en": "Expired document", "ru": "Просроченный документ", "zh": "证件过期"}
    for page in in_each(officer, "/console/rules/RUS-TDOC-001"):
        assert told[page.language[:2]] in page.text
        assert "id: RUS-TDOC-001" in page.text
        assert "last day of validity" in page.text
        assert "sha256:" in page.text
    assert officer.opens("/console/rules/RUS-TDOC-01").status == 404


def test_every_rule_of_the_shipped_rulebook_has_its_page(tmp_path: Path) -> None:
    with serving(f"sqlite:///{tmp_path}/shipped.db", Path("rules")) as running:
        person = reader(running, "reader", Role.AUTHOR)
        rules = running.services.pipeline.in_force.rulebook.rules
        answers = {each: person.opens(f"/console/rules/{each}").status for each in rules}
        assert {each for each, status in answers.items() if status != 200} == set()
        told = {
            "en": "person in charge of the vehicle: 5,000 to 50,000 CN¥",
            "ru": "ответственный за транспортное средство: от 5 000 до 50 000 CN¥",
            "zh": "交通运输工具负责人: 5,000 至 50,000 ¥",
        }
        for page in in_each(person, "/console/rules/CHN-CAR-001"):
            assert told[page.language[:2]] in page.text


def test_checkpoints_are_told_with_todays_load_in_the_remit_alone(
    service: Service, officer: Reader, elsewhere: Reader
) -> None:
    send(service, "today", occurred_at=service.clock.now().isoformat())
    told = {"en": "crossing", "ru": "пересечени", "zh": "次出入境通行"}

    def row(page: Page) -> str:
        return page.html.partition("RUS-ZABAYKALSK")[2].partition("</tr>")[0]

    for page in in_each(officer, "/console/checkpoints?state=RUS"):
        assert told[page.language[:2]] in row(page)
        assert " 0 " not in row(page)
    assert "outside your remit" in row(elsewhere.opens("/console/checkpoints", "en"))


FORMS = (
    "/console/",
    "/console/missing",
    "/console/find",
    "/console/situation",
    "/console/rules",
    "/console/checkpoints",
    "/console/subjects/CHN%3AR00000567",
)


@pytest.mark.parametrize("path", FORMS)
def test_a_form_in_which_nothing_is_chosen_is_answered(service: Service, officer: Reader, path: str) -> None:
    made = send(service, "forms", persons__0__document__number="R00000567")
    assert made["crossing"]
    forms = [form for form in officer.opens(path, "en").forms if form.method == "get"]
    assert forms
    for form in forms:
        page = officer.opens(form.action or path, params=dict.fromkeys(form.fields, ""))
        assert page.status == 200, page.text


def test_rules_are_listed_by_the_page(author: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.web.console.rules._PAGE", 2)

    def listed(page: Page) -> list[str]:
        return [link for link in page.links if link.startswith("/console/rules/")]

    first = author.opens("/console/rules?jurisdiction=RUS&regime=", "en")
    following = next(link for link in first.links if "page=2" in link)
    second = author.opens(following)
    assert (len(listed(first)), len(listed(second))) == (2, 2)
    assert not set(listed(first)) & set(listed(second))
    assert "jurisdiction=RUS" in following
    assert next(link for link in second.links if "page=1" in link)
    assert author.opens("/console/rules?page=900").status == 200


@pytest.mark.parametrize("path", ["/console/find?q=x1", "/console/situation", "/console/rules", "/console/checkpoints"])
def test_pages_hold_no_style_and_no_script_of_their_own(officer: Reader, path: str) -> None:
    page = officer.opens(path)
    assert page.status == 200
    assert all(each not in page.html for each in ("<style", " style=", "javascript:", " onclick", "<script>"))


def test_where_nothing_crossed_the_way_to_the_newest_crossings_is_shown(service: Service, officer: Reader) -> None:
    send(service, "newest")
    page = officer.opens("/console/situation?from=2025-01-01&until=2025-01-05", "en")
    assert "Nothing crossed in these days." in page.text
    (link,) = (each for each in page.links if each.startswith("/console/situation?from="))
    assert "Nothing crossed" not in officer.opens(link).text
