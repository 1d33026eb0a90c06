"""An event out of a request's body: bounded, JSON or a CloudEvents envelope, validated straight from its bytes."""

import json
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

import orjson
from fastapi import Request
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import ClientDisconnect

from app.errors import Invalid, Problem
from app.evaluation.pipeline import canonical_digest
from app.vocabulary.members import ShortText, Text
from app.vocabulary.wire import Crossing
from app.web.problems import BadRequestError, not_acceptable, not_an_event, pointer

JSON, CLOUD_EVENT = "application/json", "application/cloudevents+json"
_SPECVERSION = "1.0"
_LONGEST_TOLD = 300


@dataclass(frozen=True, slots=True)
class Body:
    """An event with the bytes to store and the digest that tells whether it is the same event again."""

    event: Crossing
    content: bytes
    digest: str


async def event_of(request: Request, largest: int) -> Body:
    """Read and check a body; raises BadRequestError (400, 413, 415) or Invalid."""
    kind = media_type(request)
    if kind not in {JSON, CLOUD_EVENT}:
        raise BadRequestError(
            415, f"Send the event as {JSON} or {CLOUD_EVENT}, not as {kind or 'a body without a type'}."
        )
    content = await read_body(request, largest)
    if kind == JSON:
        return event_from(content)
    document = _data(_json(content))
    return _event(_bytes(document), document, "/data")


def event_from(content: bytes) -> Body:
    """The event that these bytes are; raises BadRequestError (400) or Invalid."""
    return _event(content, _json(content), "")


def _event(content: bytes, document: Any, place: str) -> Body:  # noqa: ANN401 (any JSON)
    """The event at a place of the body, as its bytes and as JSON."""
    try:
        event = Crossing.model_validate_json(content)
    except ValidationError as error:
        raise not_an_event(error, place) from error
    return Body(event, content, canonical_digest(document))


@dataclass(frozen=True, slots=True)
class Correction:
    """A correction's body: the whole corrected event, why, and the revision its sender knows, if said."""

    body: Body
    reason: str
    revises: int | None


async def correction_of(request: Request, largest: int) -> Correction:
    """Read and check a correction; raises as `event_of`."""
    document = await document_of(request, largest)
    told = _told(document, _Reasoned)
    if not isinstance(document.get("event"), dict):
        raise Invalid("The correction has no event.", [Problem("/event", "must be the whole corrected event")])
    return Correction(_event(_bytes(document["event"]), document["event"], "/event"), told.reason, told.revises)


async def withdrawal_of(request: Request, largest: int) -> tuple[str, int | None]:
    """Read and check a withdrawal: why, and the revision its sender knows; raises as `event_of`."""
    told = _told(await document_of(request, largest), _Withdrawn)
    return told.reason, told.revises


async def document_of(request: Request, largest: int) -> dict[str, Any]:
    """A JSON object; raises as `event_of`."""
    kind = media_type(request)
    if kind != JSON:
        raise BadRequestError(415, f"Send the body as {JSON}, not as {kind or 'a body without a type'}.")
    document = _json(await read_body(request, largest))
    if not isinstance(document, dict):
        raise Invalid("The body is not acceptable.", [Problem("", "must be an object")])
    return document


def _says_something(text: str) -> str:
    if not text.strip():
        raise ValueError("must say something")
    return text


class _Withdrawn(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    reason: Annotated[Text, AfterValidator(_says_something)]
    revises: Annotated[int, Field(ge=1)] | None = None


class _Reasoned(_Withdrawn):
    event: Any = None


class LinkAsked(BaseModel):
    """That another key names the same subject, or that it does not, and why."""

    model_config = ConfigDict(extra="forbid", strict=True)

    other: ShortText
    reason: Annotated[Text, AfterValidator(_says_something)]
    same: bool = True


_T = TypeVar("_T", bound=BaseModel)


async def asked_of(request: Request, largest: int, model: type[_T]) -> _T:
    """Read and check a body of this form; raises as `event_of`."""
    return _told(await document_of(request, largest), model)


def _told(document: dict[str, Any], model: type[_T]) -> _T:
    try:
        return model.model_validate(document)
    except ValidationError as error:
        raise not_acceptable(error, list(model.model_fields)) from error


def media_type(request: Request) -> str:
    """That of the body, in lower case and without parameters; empty if none is given."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def refuse_encoded(request: Request) -> None:
    """Raise BadRequestError (415) for a body that is compressed, or otherwise not as it is."""
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise BadRequestError(415, "Send the body as it is, without a content encoding.")


async def read_body(request: Request, largest: int) -> bytes:
    """The body as it comes; raises BadRequestError (413, 415)."""
    refuse_encoded(request)
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > largest:
        raise BadRequestError(413, f"The body is larger than {largest} bytes.")
    parts, size = [], 0
    more = True
    # Not by `request.stream()`: a generator of its own for what nearly always comes in one part.
    while more:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        part, more = message.get("body", b""), message.get("more_body", False)
        size += len(part)
        if size > largest:
            raise BadRequestError(413, f"The body is larger than {largest} bytes.")
        parts.append(part)
    return b"".join(parts)


def _json(content: bytes) -> Any:  # noqa: ANN401 (any JSON)
    try:
        document = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise BadRequestError(400, f"The body is not JSON: {error.msg} ({place}).") from error
    _check_unique(content)
    return document


class _TwiceError(Exception):
    """An object has two members of one name."""


def _object(members: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(members)
    if len(made) != len(members):
        raise _TwiceError
    return made


class _Members(list[tuple[str, Any]]):
    """Of an object, all."""


# Numbers are of no interest here, and may be of any length.
_UNIQUE = json.JSONDecoder(object_pairs_hook=_object, parse_int=float)
_MEMBERS = json.JSONDecoder(object_pairs_hook=_Members, parse_int=float)


def _check_unique(content: bytes) -> None:
    """Raise Invalid if a member is given twice: parsers keep one of them, and not all the same (RFC 8259, 4)."""
    text = content.decode()
    try:
        try:
            _UNIQUE.decode(text)
        except _TwiceError as error:
            place = pointer(_twice(_MEMBERS.decode(text)))[:_LONGEST_TOLD]
            problem = Problem(place, "is given twice", "give it once")
            raise Invalid("The body is ambiguous; nothing was stored.", [problem]) from error
    except RecursionError as error:
        raise BadRequestError(400, "The body is nested too deeply.") from error


def _twice(document: Any) -> list[str | int]:  # noqa: ANN401 (any JSON)
    """Where a member is given another time; anybody may send a body, so this takes no longer than to parse it."""
    left: list[tuple[Any, Any]] = [(document, None)]
    while left:
        node, place = left.pop()
        names = set()
        for name, value in node if isinstance(node, _Members) else enumerate(node):
            if name in names:
                found = [name]
                while place:
                    found.append(place[0])
                    place = place[1]
                return found[::-1]
            names.add(name)
            if isinstance(value, list):
                left.append((value, (name, place)))
    raise AssertionError("no member is given twice")


def _bytes(document: Any) -> bytes:  # noqa: ANN401 (any JSON)
    try:
        return orjson.dumps(document)
    except orjson.JSONEncodeError as error:
        raise BadRequestError(400, "The event is nested too deeply.") from error


def _data(envelope: Any) -> Any:  # noqa: ANN401 (any JSON)
    """The event in an envelope, whose `id` and `source` stand for the event's where those are left out."""
    if not isinstance(envelope, dict) or not isinstance(envelope.get("data"), dict):
        raise Invalid(
            "The CloudEvents envelope has no event.", [Problem("/data", "must be the crossing event, an object")]
        )
    problems = []
    if envelope.get("specversion") != _SPECVERSION:
        problems.append(Problem("/specversion", f"must be {_SPECVERSION}"))
    if not isinstance(envelope.get("type"), str) or not envelope["type"]:
        problems.append(Problem("/type", "is required by CloudEvents 1.0 and must be text"))
    data = dict(envelope["data"])
    for name in ("id", "source"):
        given = envelope.get(name)
        if not isinstance(given, str) or not given:
            problems.append(Problem(f"/{name}", "is required by CloudEvents 1.0 and must be text"))
        elif data.setdefault(name, given) != given:
            problems.append(
                Problem(f"/data/{name}", f"differs from the envelope's {name}", "leave it out or make them equal")
            )
    if envelope.get("datacontenttype", JSON) != JSON:
        problems.append(Problem("/datacontenttype", f"must be {JSON}", "leave it out"))
    if problems:
        raise Invalid("The CloudEvents envelope is not acceptable; nothing was stored.", problems)
    return data
