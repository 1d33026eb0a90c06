"""The queue as CSV, workbook and lines of JSON: all of it, within filters and remit, and harmless to open."""

import csv
import io
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from xml.etree import ElementTree as ET

import orjson
import pytest
from httpx2 import Response
from sqlalchemy import update
from structlog.testing import capture_logs

from app.identity.remit import Remit
from app.identity.roles import Role
from app.storage.engine import transaction
from app.storage.tables import violations
from app.web.api.exports import MEDIA_TYPES, Form, columns
from tests.service.serving import Service, serving, several

DAYS = ("2026-03-01", "2026-03-02", "2026-03-03", "2026-03-04")
XLSX = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


@pytest.fixture(scope="module")
def service(module_database_url: str) -> Iterator[Service]:
    """Sixteen violations, an hour between those of each day; a page of an export is of three."""
    with pytest.MonkeyPatch.context() as patch, serving(module_database_url) as running:
        patch.setattr("app.web.api.violations._EXPORTED_AT_ONCE", 3)
        for day in DAYS:
            made = several(id=f"V-{day}", occurred_at=f"{day}T09:15:00+09:00")
            made["organizations"][0]["identifiers"] = {"ru_inn": "1234567890"}
            assert running.post(made).status_code == 201
            running.clock.move(timedelta(hours=1))
        yield running


def exported(service: Service, form: Form, by: str = "path", **asked: Any) -> Response:  # noqa: ANN401 (any filter)
    if by == "path":
        answer = service.get(f"/v1/violations.{form}", params=asked)
    else:
        header = {"Accept": MEDIA_TYPES[form]} | service.header(Role.OFFICER)
        answer = service.client.get("/v1/violations", params=asked, headers=header)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].partition(";")[0] == MEDIA_TYPES[form]
    assert f"violations-2026-11-23T0420Z.{form}" in answer.headers["content-disposition"]
    return answer


def rows(form: Form, answer: Response) -> list[dict[str, Any]]:
    match form:
        case Form.NDJSON:
            return [orjson.loads(line) for line in answer.content.splitlines()]
        case Form.CSV:
            return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))
        case Form.XLSX:
            head, *rest = sheet(answer)
            return [dict(zip(map(str, head), each, strict=True)) for each in rest]


def sheet(answer: Response) -> list[list[str | None]]:
    with zipfile.ZipFile(io.BytesIO(answer.content)) as book:
        assert not [name for name in book.namelist() if "macro" in name.lower()]
        root = ET.fromstring(book.read("xl/worksheets/sheet1.xml"))  # noqa: S314 (made here)
    assert not list(root.iter(f"{XLSX}f")), "there are formulas"
    width = len(columns())
    found = []
    for row in root.iter(f"{XLSX}row"):
        cells: list[str | None] = [None] * width
        for cell in row:
            letters = cell.attrib["r"].rstrip("0123456789")
            place = sum((ord(letter) - 64) * 26**power for power, letter in enumerate(reversed(letters))) - 1
            cells[place] = "".join(cell.itertext())
        found.append(cells)
    return found


@pytest.mark.parametrize("by", ["path", "accept"])
@pytest.mark.parametrize("form", Form)
@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"sort": "severity"},
        {"rule": ["RUS-TDOC-001", "RUS-TDOC-002"], "sort": "occurred_at"},
        {"updated_since": "2026-11-23T03:20:00Z", "sort": "updated_at"},
        {"subject": "chn:e99999999"},
        {"status": "confirmed"},
    ],
)
def test_a_file_has_all_that_the_pages_have_in_their_order(
    service: Service, form: Form, by: str, asked: dict[str, Any]
) -> None:
    listed = service.get("/v1/violations", params=asked).json()["items"]
    found = rows(form, exported(service, form, by, **asked))
    assert [each["violation"] for each in found] == [each["violation"] for each in listed]
    if form is Form.NDJSON:
        assert found == listed
    elif found:
        assert list(found[0]) == columns()


def test_a_file_is_within_the_remit_of_whoever_asks(service: Service) -> None:
    elsewhere = service.person("elsewhere", remit=Remit(("KAZ",)))
    for form in Form:
        answer = elsewhere.get(f"/v1/violations.{form}")
        assert answer.status_code == 200
        assert rows(form, answer) == []


def test_a_table_can_be_opened_by_a_spreadsheet_and_runs_nothing_there(service: Service) -> None:
    answer = exported(service, Form.CSV, sort="occurred_at", rule="RUS-TDOC-001")
    assert answer.content.startswith(b"\xef\xbb\xbf")
    assert answer.content.count(b"\r\n") == answer.content.count(b"\n") == 5
    first = rows(Form.CSV, answer)[0]
    assert first["id"] == "V-2026-03-01"
    assert (first["title.ru"], first["title.zh"]) == ("Просроченный документ", "证件过期")
    assert (first["occurred_at"], first["overdue"], first["outcome"]) == ("2026-03-01T00:15:00Z", "false", "")


@pytest.mark.parametrize("start", [*"=+-@\t＝＋－＠"])
def test_whatever_a_spreadsheet_takes_for_a_formula_is_text(service: Service, start: str) -> None:
    text = f'{start}HYPERLINK("x";"y"),\r\n"'
    with transaction(service.services.database) as tx:
        (identifier,) = [each["violation"] for each in service.get("/v1/violations?limit=1").json()["items"]]
        tx.execute(update(violations).where(violations.c.id == identifier).values(protocol=text))
    (found,) = [each for each in rows(Form.CSV, exported(service, Form.CSV)) if each["violation"] == identifier]
    assert found["protocol"] == f"'{text}"
    (found,) = [each for each in rows(Form.XLSX, exported(service, Form.XLSX)) if each["violation"] == identifier]
    assert str(found["protocol"]).replace("\r", "").replace("_x000D_", "") == text.replace("\r", "")


def test_a_workbook_too_large_to_work_with_is_refused_with_what_to_do(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.web.api.violations.MOST_ROWS", 15)
    answer = service.get("/v1/violations.xlsx")
    assert answer.status_code == 422
    assert "csv or ndjson" in answer.json()["errors"][0]["hint"]
    assert service.get("/v1/violations.xlsx?rule=RUS-TDOC-001").status_code == 200


@pytest.mark.parametrize("form", Form)
@pytest.mark.parametrize(
    ("asked", "pointer"),
    [
        ({"severity": "awful"}, "severity"),
        ({"q": "a\x00b"}, "q"),
        ({"limit": 10}, "limit"),
        ({"as_of": "2026-11-23T03:20:00Z", "sort": "updated_at"}, "as_of"),
    ],
)
def test_what_is_asked_wrongly_is_a_problem_and_not_a_broken_file(
    service: Service, form: Form, asked: dict[str, Any], pointer: str
) -> None:
    answer = service.get(f"/v1/violations.{form}", params=asked)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)


def test_a_file_by_accept_is_of_all_pages(service: Service) -> None:
    header = service.header(Role.OFFICER) | {"Accept": "text/csv"}
    answer = service.client.get("/v1/violations?limit=2", headers=header)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "limit")


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("*/*", "application/json"),
        ("text/html,application/xhtml+xml,*/*;q=0.8", "application/json"),
        ("image/png", "application/json"),
        ("application/json, text/csv", "application/json"),
        ("text/csv, */*;q=0.1", "text/csv"),
        ("application/json;q=0.5, TEXT/CSV;q=0.9", "text/csv"),
        ("text/csv;q=bad", "text/csv"),
    ],
)
def test_the_form_liked_best_is_given(service: Service, accept: str, kind: str) -> None:
    header = service.header(Role.OFFICER) | {"Accept": accept}
    answer = service.client.get("/v1/violations", headers=header)
    assert answer.headers["content-type"].partition(";")[0] == kind


def test_who_exported_whom_is_logged(service: Service) -> None:
    with capture_logs() as entries:
        found = rows(Form.NDJSON, exported(service, Form.NDJSON, sort="updated_at"))
    looks = [each for each in entries if each["event"] == "looked"]
    assert [name for each in looks for name in each["ids"]] == [each["violation"] for each in found]
    assert {(each["what"], each["form"], tuple(each["by"])) for each in looks} == {("violations", "ndjson", ("sort",))}
    assert len(looks) == 6


def test_a_follower_asks_from_where_it_left_off(service: Service) -> None:
    first = rows(Form.NDJSON, exported(service, Form.NDJSON, sort="updated_at"))
    since = first[-5]["updated_at"]
    then = rows(Form.NDJSON, exported(service, Form.NDJSON, sort="updated_at", updated_since=since))
    assert then == [each for each in first if each["updated_at"] >= since]
