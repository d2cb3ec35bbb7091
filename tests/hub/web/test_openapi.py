"""The API's description: it is OpenAPI 3.1, it has every route and order, and the committed copy is the same."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR

from hub.model.person import Role
from hub.web.routes import STATUS
from tests.docs.openapi import FILE, text
from tests.hub.web.whole import Whole, whole

Json = dict[str, Any]


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Whole]:
    async with whole(tmp_path) as made:
        yield made


@pytest.fixture
async def document(hub: Whole) -> Json:
    return (await hub.get("openapi.json", None))[1]


def operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        yield from (value for key, value in part.items() if key == "$ref")
        for value in part.values():
            yield from references(value)
    elif isinstance(part, list):
        for value in part:
            yield from references(value)


async def test_it_is_openapi_and_every_schema_is_one(document: Json) -> None:
    assert list(OPENAPI_31_VALIDATOR.iter_errors(document)) == []
    for schema in document["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)
    for reference in references(document):
        found: Any = document
        for step in reference.removeprefix("#/").split("/"):
            found = found[step]
    names = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(names) == len(set(names))


async def test_every_route_and_every_order_is_in_it(hub: Whole, document: Json) -> None:
    described = {(method.upper(), path) for path, method, _ in operations(document)}
    served = {
        (route.method, route.path)
        for route in hub.app.web.routes
        if route.path.startswith("/api/") or route.path in ("/healthz", "/metrics")
    }
    orders = {("POST", f"/api/v1/orders/{name}") for name in hub.app.orders.catalogue}
    assert described == served - {("POST", "/api/v1/orders/{name}")} | orders


async def test_each_operation_says_who_may_what_it_takes_and_what_can_go_wrong(hub: Whole, document: Json) -> None:
    for path, method, operation in operations(document):
        assert operation["summary"], path
        in_path = {one["name"] for one in operation.get("parameters", []) if one["in"] == "path"}
        assert in_path == set(re.findall(r"{(\w+)}", path))
        if operation["security"]:
            assert set(operation["x-roles"]) <= set(Role)
            assert {"401", "403", "429"} <= operation["responses"].keys()
            assert any("bearer" in way for way in operation["security"])
            assert method == "get" or any("csrf" in way for way in operation["security"])
    for name, order in hub.app.orders.catalogue.items():
        operation = document["paths"][f"/api/v1/orders/{name}"]["post"]
        assert operation["x-roles"] == sorted(order.may)
        sent = operation["requestBody"]["content"]["application/json"]["schema"]
        args = document["components"]["schemas"][sent["properties"]["args"]["$ref"].rpartition("/")[2]]
        assert set(args.get("properties", {})) == set(order.args.model_fields)
        assert args["additionalProperties"] is False


async def test_every_status_of_an_error_has_its_answer(document: Json) -> None:
    assert {str(status) for status in STATUS.values()} <= document["components"]["responses"].keys()


async def test_the_committed_copy_is_what_the_hub_says(document: Json) -> None:
    """If not: python -m tests.docs.openapi."""
    assert json.loads(FILE.read_text()) == document
    assert FILE.read_text() == text(document)
