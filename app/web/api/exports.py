"""The queue as a file: CSV and lines of JSON as they are read, a workbook as soon as it is whole.

What is streamed is read a page at a time, each in a transaction of its own, so that a slow reader holds nothing up: a
row is as it was when its page was read. A workbook is of one moment.
"""

import csv
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from enum import StrEnum
from io import StringIO
from itertools import chain
from typing import IO, Any, Final

import xlsxwriter
from fastapi import Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel
from xlsxwriter.worksheet import Worksheet

from app.errors import Busy, Invalid, Problem
from app.identity.users import LANGUAGES
from app.web.api.schemas import ViolationOut
from app.web.files import as_file


class Form(StrEnum):
    """Forms of a file; each is the ending of its name."""

    CSV = "csv"
    XLSX = "xlsx"
    NDJSON = "ndjson"


MEDIA_TYPES: Final[Mapping[Form, str]] = {
    Form.CSV: "text/csv",
    Form.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Form.NDJSON: "application/x-ndjson",
}
MOST_ROWS: Final = 100_000
"""Of a workbook: what a spreadsheet can be worked with in."""
Pages = Iterator[list[ViolationOut]]
_JSON: Final = frozenset({"application/json", "application/*", "*/*"})
# By which a spreadsheet knows a formula, also in full width; a formula out of somebody's text could do anything.
_FORMULA: Final = tuple("=+-@\t\r\n＝＋－＠")
_CHUNK: Final = 1 << 16
# Making one takes a processor for seconds, and lanes wait for the same.
_WORKBOOKS: Final = threading.BoundedSemaphore(2)


def form_asked_for(request: Request) -> Form | None:
    """By the header `Accept`; None for JSON, and for whatever there is not."""
    kinds = {kind: form for form, kind in MEDIA_TYPES.items()}
    offered: list[tuple[float, Form | None]] = []
    for part in request.headers.get("accept", "").split(","):
        kind, *parameters = (each.strip().lower() for each in part.split(";"))
        weight = next((each[2:] for each in parameters if each.startswith("q=")), "1")
        if kind in kinds or kind in _JSON:
            offered.append((_number(weight), kinds.get(kind)))
    return max(offered, key=lambda each: each[0], default=(0.0, None))[1]


def streamed(form: Form, pages: Pages, now: datetime) -> Response:
    """A file of as many rows as there are. The first page is read before: what is asked wrongly is answered so."""
    first = next(pages)
    body = _lines(chain([first], pages)) if form is Form.NDJSON else _csv(chain([first], pages))
    # Excel takes a file for one of UTF-8 by its first character only, and Cyrillic and Chinese for garbage else.
    return StreamingResponse(body, media_type=MEDIA_TYPES[form], headers=_named(form, now))


def workbook(pages: Pages, now: datetime) -> Response:
    """A workbook; raises `Busy` while others are made."""
    first = next(pages)
    if not _WORKBOOKS.acquire(blocking=False):
        raise Busy("Other workbooks are being made; try again, or ask for CSV.")
    try:
        file = tempfile.TemporaryFile()  # noqa: SIM115 (closed when it is sent)
        try:
            _fill(file, chain([first], pages))
        except BaseException:
            file.close()
            raise
    finally:
        _WORKBOOKS.release()
    return StreamingResponse(_content(file), media_type=MEDIA_TYPES[Form.XLSX], headers=_named(Form.XLSX, now))


def too_many() -> Invalid:
    """More rows than a workbook may have."""
    hint = "narrow the filters, as by occurred_from and occurred_until, or ask for csv or ndjson, which have no end"
    return Invalid("The workbook was not made.", [Problem("", f"would have more than {MOST_ROWS:,} rows", hint)])


def columns() -> list[str]:
    """Names of the wire; what has parts is one column for each."""
    names: list[str] = []
    for name, field in ViolationOut.model_fields.items():
        kind = field.annotation
        if name == "title":
            names += [f"{name}.{language}" for language in LANGUAGES]
        elif isinstance(kind, type) and issubclass(kind, BaseModel):
            names += [f"{name}.{part}" for part in kind.model_fields]
        else:
            names.append(name)
    return names


def _named(form: Form, now: datetime) -> dict[str, str]:
    return {"Content-Disposition": as_file(f"violations-{now:%Y-%m-%dT%H%MZ}.{form}")}


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def _lines(pages: Iterable[list[ViolationOut]]) -> Iterator[bytes]:
    for page in pages:
        yield b"".join(each.model_dump_json().encode() + b"\n" for each in page)


def _csv(pages: Iterable[list[ViolationOut]]) -> Iterator[bytes]:
    """After RFC 4180, in UTF-8 with a byte order mark."""
    head = StringIO(newline="")
    csv.writer(head).writerow(columns())
    yield b"\xef\xbb\xbf" + head.getvalue().encode()
    for page in pages:
        text = StringIO(newline="")
        csv.writer(text).writerows([_harmless(cell) for cell in _cells(each.model_dump(mode="json"))] for each in page)
        yield text.getvalue().encode()


def _cells(item: dict[str, Any]) -> Iterator[Any]:
    for name, value in item.items():
        if name == "title":
            yield from (value.get(language) for language in LANGUAGES)
        elif isinstance(value, dict):
            yield from value.values()
        else:
            yield value


def _harmless(cell: Any) -> Any:  # noqa: ANN401 (any JSON scalar)
    match cell:
        case bool():
            return "true" if cell else "false"
        case str() if cell.startswith(_FORMULA):
            return f"'{cell}"
        case _:
            return cell


def _fill(file: IO[bytes], pages: Iterable[list[ViolationOut]]) -> None:
    # Whatever it leaves behind where it fails goes with the folder.
    with tempfile.TemporaryDirectory(prefix="gerege-") as folder:
        options = {"constant_memory": True, "tmpdir": folder, "strings_to_formulas": False, "strings_to_urls": False}
        book = xlsxwriter.Workbook(file, options)
        bold, day = book.add_format({"bold": True}), book.add_format({"num_format": "yyyy-mm-dd"})
        instant = book.add_format({"num_format": 'yyyy-mm-dd hh:mm:ss"Z"'})
        sheet = book.add_worksheet("violations")
        sheet.freeze_panes(1, 0)
        names = columns()
        sheet.set_column(0, len(names) - 1, 20)
        for column, name in enumerate(names):
            sheet.write_string(0, column, name, bold)
        row = 0
        for page in pages:
            for item in page:
                row += 1
                for column, cell in enumerate(_cells(item.model_dump())):
                    _write(sheet, (row, column), cell, (day, instant))
        sheet.autofilter(0, 0, row, len(names) - 1)
        book.close()


def _write(sheet: Worksheet, place: tuple[int, int], cell: Any, forms: tuple[Any, Any]) -> None:  # noqa: ANN401 (without types)
    day, instant = forms
    match cell:
        case None:
            pass
        case bool():
            sheet.write_boolean(*place, cell)
        case int():
            sheet.write_number(*place, cell)
        case datetime():
            sheet.write_datetime(*place, cell.astimezone(UTC).replace(tzinfo=None), instant)
        case date():
            sheet.write_datetime(*place, cell, day)
        case _:
            # Never taken for a formula or an address, whatever it looks like.
            sheet.write_string(*place, str(cell))


def _content(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        file.seek(0)
        while part := file.read(_CHUNK):
            yield part
