"""The page of a violation: why, what can be done and nothing else, and what was done."""

from datetime import timedelta

import pytest

from tests.console.reading import LANGUAGES, Page, Reader, found, in_each, read
from tests.service.serving import Service, several

PDF = b"%PDF-1.7\n%%EOF"


def do(person: Reader, violation: str, action: str, **more: str) -> int:
    status: int = person.sends(f"/console/violations/{violation}", {"action": action, **more}).status_code
    return status


def test_the_verdict_why_the_law_and_the_papers_are_told(service: Service, officer: Reader) -> None:
    violation = found(service)
    told = {
        "en": (
            "a violation by ERIKSSON ANNA MARIA",
            "Document expiry: 1 Feb 2026",
            "article",
            "passport",
            "expired",
        ),
        "ru": ("ERIKSSON ANNA MARIA: «Просроченный документ»", "1 февр. 2026", "статья", "паспорт", "истёк"),
        "zh": ("涉嫌违规：“证件过期”", "2026年2月1日", "条", "护照", "已过期"),
    }
    for page in in_each(officer, f"/console/violations/{violation}"):
        words = told[page.language[:2]]
        assert page.status == 200
        assert [word for word in words[:1] + words[2:] if word not in page.text] == []
        assert words[1].partition(": ")[2] in page.text or words[1] in page.text
        assert "Zabaykalsk" in page.text


def test_links_lead_to_the_crossing_the_subject_and_related_violations(service: Service, officer: Reader) -> None:
    violation = found(service, vehicle__plate="REL 001")
    other, apart = found(service, vehicle__plate="rel-001"), found(service, vehicle__plate="REL 002")
    page = officer.opens(f"/console/violations/{violation}")
    assert any(link.startswith("/console/crossings/") for link in page.links)
    assert any(link.startswith("/console/subjects/CHN%3AC") for link in page.links)
    related = [link for link in page.links if link.startswith("/console/violations/") and violation not in link]
    assert f"/console/violations/{other}" in related
    assert f"/console/violations/{apart}" not in related
    assert len(related) == len(set(related)) >= 2


@pytest.mark.parametrize("language", LANGUAGES)
def test_exactly_what_is_possible_is_offered(
    service: Service, officer: Reader, second: Reader, supervisor: Reader, language: str
) -> None:
    violation = found(service, "RUS-TDOC-002")
    always = {"comment", "issue_notice", "receive_rebuttal", "rectify"}

    def offered(person: Reader) -> set[str]:
        return person.opens(f"/console/violations/{violation}", language).offered() - always

    def told(person: Reader) -> set[str]:
        answer = service.client.get(f"/v1/violations/{violation}", headers=person.header).json()
        return set(answer["possible"]) - always - {"attach"}

    def check(**expected: set[str]) -> None:
        people = {"officer": officer, "second": second, "supervisor": supervisor}
        for name, person in people.items():
            assert offered(person) == told(person) == expected[name], name

    check(officer={"take"}, second={"take"}, supervisor={"take"})
    assert do(officer, violation, "take") == 303
    decide = {"hand_back", "hand_over", "confirm", "dismiss", "leave_inconclusive"}
    check(officer=decide, second=set(), supervisor={"hand_back", "hand_over"})
    assert do(officer, violation, "confirm", reason="seen") == 303
    # It is grave: another officer closes it.
    check(officer={"appeal"}, second={"close", "appeal"}, supervisor={"close", "reopen", "appeal"})
    assert do(second, violation, "close", measure="fine", protocol="RU-17") == 303
    assert do(officer, violation, "appeal", reason="they say no") == 303
    check(officer=set(), second={"uphold", "overturn"}, supervisor={"uphold", "overturn"})
    assert do(second, violation, "overturn", reason="they were right") == 303
    page = officer.opens(f"/console/violations/{violation}", "en")
    steps = (
        "Taken",
        "Confirmed",
        "seen",
        "fine",
        "RU-17",
        "they say no",
        "Overturned",
        "they were right",
        "The second",
    )
    assert [step for step in steps if step not in page.text] == []


def test_what_is_refused_says_why_and_what_can_be_done(service: Service, officer: Reader, second: Reader) -> None:
    violation = found(service)
    assert do(officer, violation, "take") == 303
    answer = second.sends(f"/console/violations/{violation}", {"action": "confirm"})
    assert answer.status_code == 403
    assert "is not for you to do, but for: the officer who has it in hand." in answer.text
    answer = officer.sends(f"/console/violations/{violation}", {"action": "dismiss", "ground": ""})
    assert answer.status_code == 422
    assert "Ground: is missing" in answer.text
    assert officer.sends(f"/console/violations/{violation}", {"action": "take"}).status_code == 409
    assert officer.sends(f"/console/violations/{violation}", {"action": "explode"}).status_code == 422


def test_what_was_done_is_told_once_and_never_by_an_address(service: Service, officer: Reader) -> None:
    violation = found(service)
    answer = officer.sends(f"/console/violations/{violation}", {"action": "take"})
    (cookie,) = answer.headers.get_list("set-cookie")
    assert answer.headers["location"] == f"/console/violations/{violation}"
    assert ("HttpOnly" in cookie, "SameSite=strict" in cookie, "Max-Age=60" in cookie) == (True, True, True)
    assert "Secure" not in cookie
    under_tls = f"https://testserver/console/violations/{violation}"
    assert "Secure" in officer.sends(under_tls, {"action": "hand_back"}).headers["set-cookie"]
    told = officer.follows(answer)
    assert "You have it in hand now." in told.text
    assert 'gerege_done=""' in told.headers["set-cookie"]
    assert "Max-Age=0" in told.headers["set-cookie"]
    assert "You have it in hand now." not in officer.opens(f"/console/violations/{violation}?done=take").text
    # What a page asks for in the background takes nothing away from it.
    headers = {"Cookie": f"{officer.header['Cookie']}; gerege_done=take", "HX-Request": "true"}
    assert "set-cookie" not in officer.client.get("/console/", headers=headers).headers


def form_of(page: Page, violation: str, action: str) -> dict[str, str]:
    """The fields of the form of an action, as the page has filled them in."""
    path = f"/console/violations/{violation}"
    return next(each.fields for each in page.forms if each.action == path and ("action", action) in each.buttons)


def test_a_form_that_is_sent_twice_is_carried_out_once(service: Service, officer: Reader, supervisor: Reader) -> None:
    violation = found(service)
    path = f"/console/violations/{violation}"
    for action, words in (("comment", "the carrier was called"), ("issue_notice", "you are asked")):
        sent = {**form_of(officer.opens(path, "en"), violation, action), "action": action, "reason": words}
        assert officer.sends(path, sent).status_code == 303
        again = officer.sends(path, sent)
        assert again.status_code == 409
        assert "It has changed since you opened the page: nothing more was done." in again.text
        # As it is now: what was done the first time, and what was written, for whoever wants it a second time.
        assert again.text.count(words) == 2
        fresh = form_of(read(again), violation, action)
        assert officer.sends(path, {**sent, "seen": fresh["seen"]}).status_code == 303
    seen = {"seen": form_of(officer.opens(path), violation, "comment")["seen"]}
    statuses = [
        officer.sends(f"{path}/attachments", seen, files={"file": ("a.pdf", PDF, "application/pdf")}).status_code
        for _ in range(2)
    ]
    assert statuses == [303, 409]
    until = (service.clock.now() + timedelta(days=30)).date().isoformat()
    made = service.count("snoozes")
    for _ in range(2):
        supervisor.sends(f"{path}/snooze", {"until": until, "ground": "renewal"})
    assert service.count("snoozes") == made + 1


def test_nothing_is_decided_on_facts_that_were_not_seen(service: Service, officer: Reader) -> None:
    number = "STALE0001"
    event = several(id=number, persons__0__document__number=number)
    stored = service.post(event).json()
    violation = next(each["violation"] for each in stored["findings"] if each["rule"] == "RUS-TDOC-001")
    path = f"/console/violations/{violation}"
    do(officer, violation, "take")
    old = form_of(officer.opens(path, "en"), violation, "confirm")
    event["persons"][0]["document"]["expires_on"] = "2026-01-15"
    corrected = service.post(
        {"reason": "read again", "event": event}, path=f"/v1/crossings/{stored['crossing']}/corrections"
    )
    assert corrected.status_code == 201, corrected.text
    answer = officer.sends(path, {**old, "action": "confirm", "reason": "seen by myself"})
    page = read(answer)
    assert page.status == 409
    assert "It has changed since you opened the page" in page.text
    assert "15 Jan 2026" in page.text
    assert "seen by myself" in page.text
    assert officer.sends(path, {**form_of(page, violation, "confirm"), "action": "confirm"}).status_code == 303


def test_a_refused_form_keeps_what_was_given_and_says_where_it_is_wrong(
    service: Service, officer: Reader, supervisor: Reader
) -> None:
    violation = found(service)
    path = f"/console/violations/{violation}"
    do(officer, violation, "take")
    answer = officer.sends(path, {"action": "dismiss", "ground": "", "reason": "it was misread"})
    assert (
        '<textarea class="form-control" id="dismiss-reason" name="reason" rows="2" maxlength="2000">it was misread<'
        in answer.text
    )
    assert 'aria-invalid="true" aria-describedby="dismiss-ground-fault"' in answer.text
    assert 'id="dismiss-ground-fault">is missing<' in answer.text
    assert answer.text.count("it was misread") == 1
    answer = officer.sends(path, {"action": "dismiss", "ground": "other"})
    assert '<option value="other" selected>' in answer.text
    assert 'aria-describedby="dismiss-reason-fault"' in answer.text
    fields = form_of(
        read(officer.sends(path, {"action": "issue_notice", "reply_by": "2026-01-01"})), violation, "issue_notice"
    )
    assert fields["reply_by"] == "2026-01-01"
    refused = read(supervisor.sends(f"{path}/snooze", {"until": "2036-01-01", "ground": "renewal"}))
    fields = next(each.fields for each in refused.forms if each.action == f"{path}/snooze")
    assert (fields["until"], fields["ground"]) == ("2036-01-01", "renewal")
    assert 'aria-describedby="snooze-until-fault"' in refused.html
    # Of an action that is not possible any more there is no form: what was written is beside the reason.
    do(officer, violation, "confirm")
    gone = read(officer.sends(path, {"action": "leave_inconclusive", "reason": "nobody could tell"}))
    assert "You wrote: nobody could tell" in gone.text


def test_what_decides_is_offered_before_what_puts_off(service: Service, officer: Reader) -> None:
    violation = found(service)
    do(officer, violation, "take")
    page = officer.opens(f"/console/violations/{violation}")
    actions = [value for form in page.forms for name, value in form.buttons if name == "action"]
    assert actions[:5] == ["confirm", "dismiss", "leave_inconclusive", "hand_back", "hand_over"]


def test_a_case_is_handed_over_to_a_colleague_who_works_there(
    service: Service, officer: Reader, second: Reader, elsewhere: Reader
) -> None:
    violation = found(service)
    do(officer, violation, "take")
    page = officer.opens(f"/console/violations/{violation}", "en")
    assert "The second" in page.text
    assert "The elsewhere" not in page.text
    assert do(officer, violation, "hand_over", to=elsewhere.id) == 422
    assert do(officer, violation, "hand_over", to=second.id) == 303
    assert "confirm" in second.opens(f"/console/violations/{violation}").offered()


def test_files_are_kept_and_given_for_saving(service: Service, officer: Reader, elsewhere: Reader) -> None:
    violation = found(service)
    path = f"/console/violations/{violation}/attachments"
    sent = officer.sends(path, files={"file": ("протокол.pdf", PDF, "application/pdf")})
    assert sent.status_code == 303
    page = officer.opens(f"/console/violations/{violation}")
    assert "протокол.pdf" in page.text
    link = next(each for each in page.links if each.startswith("/console/attachments/"))
    answer = officer.client.get(link, headers=officer.header)
    assert answer.content == PDF
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert elsewhere.opens(link).status == 404
    refused = officer.sends(path, files={"file": ("a.html", b"<script>", "text/html")})
    assert refused.status_code == 422
    assert "neither PDF" in refused.text


def test_words_of_people_are_shown_as_words(service: Service, officer: Reader) -> None:
    violation = found(service)
    assert do(officer, violation, "comment", reason="<script>alert(1)</script>\nand more") == 303
    page = officer.opens(f"/console/violations/{violation}")
    assert "<script>alert(1)" not in page.html
    assert "&lt;script&gt;alert(1)&lt;/script&gt; and more" in page.html


def test_a_supervisor_lets_a_rule_sleep_and_its_finds_leave_the_queue(
    service: Service, officer: Reader, supervisor: Reader
) -> None:
    violation = found(service)
    path = f"/console/violations/{violation}/snooze"
    until = (service.clock.now() + timedelta(days=30)).date().isoformat()
    assert officer.sends(path, {"until": until, "ground": "renewal"}).status_code == 403
    assert supervisor.sends(path, {"until": "2036-01-01", "ground": "renewal"}).status_code == 422
    assert supervisor.sends(path, {"until": until, "ground": "renewal"}).status_code == 303
    key = next(each for each in officer.opens(f"/console/violations/{violation}").links if "/subjects/" in each)
    number = key.partition("?")[0].rpartition("%3A")[2]
    assert violation not in officer.opens(f"/console/?status=all&q={number}").html
    assert violation in officer.opens(f"/console/?status=all&sleeping=true&q={number}").html


def test_an_author_reads_no_violation(service: Service, author: Reader) -> None:
    assert author.opens(f"/console/violations/{found(service)}").status == 403
