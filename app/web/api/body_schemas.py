"""Request bodies with their examples, for the OpenAPI document: `bodies` reads them without FastAPI's help."""

from collections.abc import Mapping
from typing import Any

EXAMPLE: Mapping[str, Any] = {
    "id": "ZBK-2026-000123",
    "source": "rus-zabaykalsk-lane-3",
    "occurred_at": "2026-03-01T09:15:00+09:00",
    "checkpoint": "RUS-ZABAYKALSK",
    "direction": "entry",
    "mode": "road",
    "persons": [
        {
            "role": "driver",
            "nationality": "CHN",
            "document": {"kind": "passport", "issuer": "CHN", "number": "E12345678", "expires_on": "2030-01-01"},
            "visa": None,
            "permits": [],
        }
    ],
    "organizations": [{"role": "carrier", "country": "CHN", "identifiers": {"cn_uscc": "91110000600037341L"}}],
    "vehicle": {"plate": "A123BC", "country": "CHN", "kind": "truck", "gross_weight_kg": 38000},
}
_EVENT = {"$ref": "#/components/schemas/Crossing"}
_ENVELOPE = {
    "type": "object",
    "required": ["specversion", "id", "source", "type", "data"],
    "properties": {
        "specversion": {"const": "1.0"},
        "id": {"type": "string"},
        "source": {"type": "string"},
        "type": {"type": "string"},
        "data": {"type": "object", "description": "The event; `id` and `source` may be left to the envelope."},
    },
}
EVENT_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": _EVENT, "example": EXAMPLE},
            "application/cloudevents+json": {
                "schema": _ENVELOPE,
                "example": {
                    "specversion": "1.0",
                    "id": EXAMPLE["id"],
                    "source": EXAMPLE["source"],
                    "type": "border.crossing",
                    "data": EXAMPLE,
                },
            },
        },
    },
    "security": [{"HTTPBearer": []}],
}

BATCH_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/x-ndjson": {"schema": _EVENT, "example": EXAMPLE}},
        "description": "An event a line, of any number of lines.",
    },
    "security": [{"HTTPBearer": []}],
}

_REASON = {"type": "string", "minLength": 1, "maxLength": 200, "description": "Why, for officers and for the record."}
_REVISES = {
    "type": ["integer", "null"],
    "minimum": 1,
    "description": "The revision that is known to you; 409 if there is a newer one.",
}


def _object(required: list[str], properties: dict[str, Any], example: dict[str, Any]) -> dict[str, Any]:
    schema = {"type": "object", "additionalProperties": False, "required": required, "properties": properties}
    body = {"required": True, "content": {"application/json": {"schema": schema, "example": example}}}
    return {"requestBody": body}


CORRECTION_BODY = _object(
    ["reason", "event"],
    {"reason": _REASON, "event": _EVENT, "revises": _REVISES},
    {"reason": "the plate was misread", "event": EXAMPLE},
)
WITHDRAWAL_BODY = _object(
    ["reason"], {"reason": _REASON, "revises": _REVISES}, {"reason": "sent by a test of the lane"}
)
_LIST = (
    "UNB+UNOA:4+AIR+GOV+260301:0800+REF1'UNH+M1+PAXLST:D:05B:UN:IATA'BGM+745'TDT+20+UA0989+++UA'"
    "LOC+125+FRA'DTM+189:2603011725:201'LOC+87+IAD'DTM+232:2603011910:201'"
    "NAD+FL+++ERIKSSON:ANNA'DOC+P:110:111+L898902C3'LOC+91+UTO'CNT+42:1'UNT+12+M1'UNZ+1+REF1'"
)
_TEXT = {"schema": {"type": "string"}, "example": _LIST}
LIST_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "UN/EDIFACT PAXLST, D.02B or later; also as `application/edifact-…`.",
        "content": dict.fromkeys(("application/edifact", "text/plain", "application/octet-stream"), _TEXT),
    }
}
LINK_BODY = _object(
    ["other", "reason"],
    {
        "other": {"type": "string", "minLength": 1, "maxLength": 64, "description": "The other key."},
        "same": {"type": "boolean", "default": True, "description": "false: the two are not the same."},
        "reason": _REASON,
    },
    {"other": "CHN:E98765432", "reason": "old passport shown beside the new one"},
)
END_BODY = _object(["reason"], {"reason": _REASON, "revises": _REVISES}, {"reason": "namesakes"})
