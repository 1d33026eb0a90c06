"""Styles and scripts, each at an address that holds its digest, so that a browser may keep it for good."""

import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from fastapi import APIRouter, Request, Response

from app.errors import NotFound

router = APIRouter()
_FOLDER: Final = Path(__file__).with_name("static")
_TYPES: Final = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
_FOR_GOOD: Final = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class File:
    """A file with what is sent of it."""

    content: bytes
    packed: bytes
    digest: str
    media_type: str


@cache
def files() -> dict[str, File]:
    """All there are, by name."""
    found = (each for each in sorted(_FOLDER.rglob("*")) if each.suffix in _TYPES)
    return {each.relative_to(_FOLDER).as_posix(): _file(each) for each in found}


def address(name: str) -> str:
    """Where a browser finds a file; raises KeyError if there is none of that name."""
    return f"/console/static/{files()[name].digest}/{name}"


@router.get("/static/{digest}/{name:path}", name="static")
def get_static(request: Request, digest: str, name: str) -> Response:
    """A file as it is now, whichever digest it is asked for by; only the right one is kept for good."""
    found = files().get(name)
    if found is None:
        raise NotFound(f"There is no file {name}.")
    tag = f'"{found.digest}"'
    headers = {"ETag": tag, "Vary": "Accept-Encoding"}
    headers["Cache-Control"] = _FOR_GOOD if digest == found.digest else "no-cache"
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(found.packed, headers=headers | {"Content-Encoding": "gzip"}, media_type=found.media_type)
    return Response(found.content, headers=headers, media_type=found.media_type)


def _file(path: Path) -> File:
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()[:16]
    return File(content, gzip.compress(content, mtime=0), digest, _TYPES[path.suffix])
