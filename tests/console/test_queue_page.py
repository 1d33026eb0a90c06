"""The queue: what it shows to whom, its filters, and several decided at once."""

import json
import re
from datetime import timedelta
from html import escape, unescape

import pytest
from sqlalchemy import update

from app.storage.engine import transaction
from app.storage.tables import violations
from app.violations.workflow import DUE
from app.vocabulary.codes import Severity, ViolationStatus
from tests.console.reading import Page, Reader, found, in_each, read, reader
from tests.service.serving import Service, serving


def test_a_violation_is_told_in_the_words_of_the_officer(service: Service, officer: Reader) -> None:
    violation = found(service)
    told = (("Expired document", "serious"), ("Просроченный документ", "серьёзное"), ("证件过期", "较重"))
    for page, words in zip(in_each(officer, "/console/"), told, strict=True):
        assert page.status == 200
        assert f"/console/violations/{violation}" in page.links
        assert all(word in page.text for word in words)


def test_nothing_outside_the_remit_is_shown_or_counted(service: Service, elsewhere: Reader) -> None:
    violation = found(service)
    page = elsewhere.opens("/console/?status=all")
    assert violation not in page.html
    assert "Nothing here" in page.text
    assert elsewhere.opens(f"/console/violations/{violation}").status == 404


def test_who_may_not_read_violations_is_told_so(author: Reader) -> None:
    page = author.opens("/console/")
    assert page.status == 403
    assert "Not permitted" in page.text
    assert "/console/missing" not in page.links


def test_the_gravest_come_first_and_only_what_is_asked_for(service: Service, officer: Reader) -> None:
    grave = found(service, "RUS-TDOC-002")
    page = officer.opens("/console/", "en")
    first = next(link for link in page.links if link.startswith("/console/violations/"))
    assert officer.opens(first).text.count("grave") > 0
    only = officer.opens("/console/?severity=grave&status=all&rule=rus-tdoc-002")
    assert f"/console/violations/{grave}" in only.links
    assert "Expired document" not in only.text
    assert "RUS-TCAR-001" not in officer.opens("/console/?q=TDOC").text


@pytest.mark.parametrize("address", ["/console/?severity=awful", "/console/?since=yesterday", "/console/?cursor=x"])
def test_a_filter_that_makes_no_sense_is_told(officer: Reader, address: str) -> None:
    page = officer.opens(address, "en")
    assert page.status == 422
    assert "not acceptable" in page.text


def test_pages_follow_one_another_without_gap_or_repetition(tmp_path_factory: pytest.TempPathFactory) -> None:
    with serving(f"sqlite:///{tmp_path_factory.mktemp('pages')}/gerege.db") as alone:
        made = {found(alone) for _ in range(40)}
        person = reader(alone, "reader")
        shown: list[str] = []
        address: str | None = "/console/?rule=RUS-TDOC-001&sort=-updated_at"
        while address:
            page = person.opens(address)
            shown += [each.rpartition("/")[2] for each in page.links if each.startswith("/console/violations/")]
            address = next((each for each in page.links if "cursor=" in each), None)
        assert len(shown) == len(made)
        assert set(shown) == made


def test_what_is_late_is_marked_and_counted(tmp_path_factory: pytest.TempPathFactory) -> None:
    with serving(f"sqlite:///{tmp_path_factory.mktemp('late')}/gerege.db") as alone:
        person = reader(alone, "reader")
        violation = found(alone)
        assert person.opens("/console/?overdue=true").links.count(f"/console/violations/{violation}") == 0
        alone.clock.move(DUE[Severity.SERIOUS] + timedelta(seconds=1))
        # A session lasts a working day.
        late = reader(alone, "later")
        page = late.opens("/console/?overdue=true")
        assert f"/console/violations/{violation}" in page.links
        assert any("overdue=true" in link for link in page.links)


def shown(page: Page) -> set[str]:
    return {link.rpartition("/")[2] for link in page.links if link.startswith("/console/violations/")}


def test_each_tab_leads_to_as_many_as_it_counts(tmp_path_factory: pytest.TempPathFactory) -> None:
    with serving(f"sqlite:///{tmp_path_factory.mktemp('tabs')}/gerege.db") as alone:
        late = found(alone)
        alone.clock.move(DUE[Severity.SERIOUS] + timedelta(seconds=1))
        person = reader(alone, "reader")
        assert found(alone) != late
        for address in ("/console/", "/console/?overdue=true&status=all", "/console/?review=true&status=all"):
            page = person.opens(address)
            tabs = re.findall(r'<li><a href="([^"]*)"[^>]*>([^<]*) <span class="gg-count[^"]*">(\d+)<', page.html)
            names = [name for _, name, _ in tabs]
            assert {"open", "overdue"} <= {*names}
            assert ("to be looked at again" in names) == ("review" in address)
            for link, name, count in tabs:
                assert len(shown(person.opens(unescape(link)))) == int(count), (address, name)
            assert page.html.count('aria-current="page"') == 2, "of the navigation and of one tab"


def test_what_figures_count_is_listed_sleeping_or_not_but_nothing_superseded(
    service: Service, officer: Reader, supervisor: Reader
) -> None:
    asleep, gone, place = found(service), found(service), "RUS-TDOC-001"
    until = (service.clock.now() + timedelta(days=30)).date().isoformat()
    supervisor.sends(f"/console/violations/{asleep}/snooze", {"until": until, "ground": "renewal"})
    with transaction(service.services.database) as tx:
        tx.execute(update(violations).where(violations.c.id == gone).values(status=ViolationStatus.SUPERSEDED))
    day = "2026-03-01"
    figures = officer.opens(f"/console/situation?from={day}&until={day}", "en")
    link = next(each for each in figures.links if f"rule={place}" in each)
    count = re.search(rf'href="{re.escape(escape(link))}">([\d,]+)<', figures.html)
    listed = officer.opens(link)
    assert count
    assert (asleep in shown(listed), gone in shown(listed)) == (True, False)
    assert len(shown(listed)) == int(count[1])
    file = next(each for each in listed.links if each.startswith("/v1/violations.ndjson"))
    lines = officer.client.get(file, headers=officer.header).text.splitlines()
    assert {json.loads(line)["violation"] for line in lines} == shown(listed)


def test_the_next_case_is_taken_and_opened(service: Service, officer: Reader) -> None:
    found(service)
    answer = officer.sends("/console/next")
    assert answer.status_code == 303
    page = read(officer.follows(answer))
    assert "You have it in hand now." in page.text
    assert "confirm" in page.offered()


def test_several_are_decided_at_once_with_what_became_of_each(service: Service, officer: Reader) -> None:
    mine, others = found(service), found(service)
    fields = {"violation": [mine, others], "action": "take", "back": "/console/?severity=grave"}
    assert officer.sends("/console/several", fields).status_code == 200
    officer.sends(f"/console/violations/{others}", {"action": "hand_back"})
    sent = officer.sends("/console/several", {**fields, "action": "dismiss", "ground": "data_error"})
    assert sent.text.count("/console/violations/") == 2
    assert "Done with 1 violation." in " ".join(sent.text.split())
    assert "1 was refused." in " ".join(sent.text.split())
    assert "/console/?severity=grave" in sent.text
    assert "dismissed" in officer.opens(f"/console/violations/{mine}").text


def test_several_are_decided_on_as_they_were_shown(
    service: Service, officer: Reader, second: Reader, elsewhere: Reader
) -> None:
    mine, others = found(service), found(service)
    page = officer.opens("/console/?rule=RUS-TDOC-001&sort=-updated_at", "en")
    chosen = [
        each for each in re.findall(r'name="violation" value="([^"]*)"', page.html) if each[:36] in {mine, others}
    ]
    assert len(chosen) == 2
    second.sends(f"/console/violations/{others}", {"action": "comment", "reason": "look at the photograph"})
    fields = {"violation": chosen, "action": "comment", "reason": "asked the carrier"}
    answer = " ".join(officer.sends("/console/several", fields).text.split())
    assert "Done with 1 violation." in answer
    assert answer.count("It has changed since you opened the page") == 1
    # Sent twice, it is done once.
    assert "Done with 0 violations." in " ".join(officer.sends("/console/several", fields).text.split())
    assert officer.opens(f"/console/violations/{mine}").html.count("asked the carrier") == 1
    # Nobody learns of what lies outside the remit that it has changed.
    told = elsewhere.sends("/console/several", {**fields, "violation": [f"{mine}.7"]}).text
    assert "There is no such violation in your remit." in told
    assert "Expired document" not in told


def test_choosing_nothing_is_told(officer: Reader) -> None:
    assert officer.sends("/console/several", {"action": "take"}).status_code == 422


def test_what_is_shown_is_a_file_too_by_the_same_filters(service: Service, officer: Reader) -> None:
    found(service, "RUS-TDOC-002")
    page = officer.opens("/console/?status=all&severity=grave&rule=rus-tdoc-002&since=2026-01-01&until=2026-12-31")
    shown = {link.rpartition("/")[2] for link in page.links if link.startswith("/console/violations/")}
    address = next(link for link in page.links if link.startswith("/v1/violations.ndjson"))
    lines = officer.client.get(address, headers=officer.header).text.splitlines()
    assert {json.loads(line)["violation"] for line in lines} == shown != set()
