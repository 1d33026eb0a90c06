"""A record as PDF, by typst. The same record gives the same bytes, wherever and whenever it is made."""

from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Final, Literal

import orjson
import typst

from app.documents.labels import Language
from app.documents.record import Record
from app.documents.wording import worded

_HERE: Final = Path(__file__).parent


def pdf(record: Record, language: Language) -> bytes:
    """The record, as PDF/UA for whoever has it read aloud."""
    texts = orjson.dumps(worded(record, language)).decode()
    try:
        return _compiled(texts, record.at, ["ua-1"])
    except typst.TypstError:
        # The standard refuses characters that no font has, such as an emoji in a reason; a box stands for them then.
        return _compiled(texts, record.at, [])


def _compiled(texts: str, at: datetime, standards: list[Literal["ua-1"]]) -> bytes:
    return typst.compile(
        _HERE / "record.typ",
        root=_HERE,
        font_paths=_fonts(),
        ignore_system_fonts=True,
        # Data, never markup: what somebody wrote cannot be taken for a command.
        sys_inputs={"record": texts},
        pdf_standards=[*standards],
        timestamp=at.replace(microsecond=0),
    )


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, font_paths=[_HERE / "fonts"])
