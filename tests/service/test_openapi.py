"""What the service says of itself is complete, holds, and asks nothing of any address outside."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from jsonschema import Draft202012Validator  # type: ignore[import-untyped] # it ships no types
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from app.identity.roles import Role
from app.vocabulary.wire import Crossing
from app.web.api.body_schemas import EXAMPLE
from tests.service.serving import Service, serving

EXAMPLES = 8
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@pytest.fixture(scope="module")
def service(module_database_url: str) -> Iterator[Service]:
    with serving(module_database_url) as running:
        yield running


@schemathesis.serializer("application/x-ndjson")
def as_lines(_: object, value: Any) -> bytes:  # noqa: ANN401 (any JSON)
    # Numbers may be of any size here.
    return json.dumps(value).encode() + b"\n"


def test_whatever_is_sent_is_answered_as_declared_and_never_with_a_fault(service: Service) -> None:
    described = schemathesis.openapi.from_dict(service.get("/openapi.json", Role.CHECKPOINT).json())
    for found in described.get_all_operations():
        assert isinstance(found, Ok), found
        # The stream never ends (`test_work`).
        if found.ok().path != "/v1/violations/stream":
            _try(found.ok(), service)


def _try(operation: APIOperation[Any, Any, Any, Any], service: Service) -> None:
    @given(case=operation.as_strategy())
    @settings(max_examples=EXAMPLES, phases=[Phase.generate], suppress_health_check=list(HealthCheck), database=None)
    def trying(case: Case[Any]) -> None:
        asked = case.as_transport_kwargs(base_url="http://testserver")
        headers = {**asked.pop("headers"), **service.header(Role.ADMIN)}
        asked.pop("cookies", None)
        if "data" in asked:
            asked["content"] = asked.pop("data")
        case.validate_response(service.client.request(**asked, headers=headers), checks=CHECKS)

    trying()


def test_the_document_names_the_wire_model_its_errors_and_an_example(service: Service) -> None:
    document = service.get("/openapi.json").json()
    known = document["components"]["schemas"]
    assert set(known["Crossing"]["properties"]) == set(Crossing.model_fields)
    assert {"Problem", "Answer", "Person", "ViolationPage"} <= set(known)
    assert "HTTPValidationError" not in known
    for path, item in document["paths"].items():
        for operation in item.values():
            assert operation["summary"], path
            assert operation.get("security") or path in {"/healthz", "/readyz", "/v1/session"}, path
    body = document["paths"]["/v1/crossings"]["post"]["requestBody"]["content"]
    assert set(body) == {"application/json", "application/cloudevents+json"}


def test_the_example_of_the_document_is_an_event_that_is_stored(service: Service) -> None:
    response = service.post({**EXAMPLE, "id": "the-example"})
    assert response.status_code == 201


def test_every_reference_in_the_document_leads_somewhere(service: Service) -> None:
    document = service.get("/openapi.json").json()

    def references(node: object) -> Iterator[str]:
        if isinstance(node, dict):
            if isinstance(node.get("$ref"), str):
                yield node["$ref"]
            for value in node.values():
                yield from references(value)
        elif isinstance(node, list):
            for value in node:
                yield from references(value)

    assert {reference.rsplit("/", 1)[1] for reference in references(document)} <= set(document["components"]["schemas"])
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_no_answer_asks_for_anything_from_outside(service: Service) -> None:
    for path in ("/openapi.json", "/healthz", "/readyz", "/v1/violations", "/nowhere"):
        response = service.get(path)
        assert "json" in response.headers["content-type"]
        assert "cdn" not in response.text
