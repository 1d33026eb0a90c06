"""Files as answers: for saving, under any name."""

from typing import Literal
from urllib.parse import quote


def as_file(name: str, place: Literal["attachment", "inline"] = "attachment") -> str:
    """`Content-Disposition` for a file to save, or one to show that may be saved, of any name (RFC 6266)."""
    return f"{place}; filename*=UTF-8''{quote(name, safe='')}"
