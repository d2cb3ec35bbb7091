"""The API described as OpenAPI 3.1, made from what the hub serves: its routes, their models and the orders' arguments.

Nothing is written by hand beside them, so that the description cannot say anything else than the hub does. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Literal

import orjson
from pydantic import BaseModel, Field
from pydantic.json_schema import models_json_schema

from hub.core.orders import Args, Served
from hub.core.shapes import Shape
from hub.model.person import Roles
from hub.web.routes import STATUS, Route

Json = dict[str, Any]

ORDER = "/api/v1/orders/{name}"
DESCRIBED = ("/api/v1/", "/healthz", "/metrics")
ALSO = "x-also"  # another name of the same parameter
LONG_NAME = re.compile(r"\bhub__([a-z]+)__\w+?__([A-Z]\w+)")  # two models of one name
REF = "#/components/schemas/{model}"
ABOUT = (
    "What a site's hub knows, and every order that it takes. Unknown is null, never 0; units are in the names; times "
    "are ISO 8601, UTC. A parameter that nobody knows is refused, never ignored."
)
LOGIN = "the login of the pages; what changes something also sends the header X-CSRF-Token, which GET /api/v1/me tells"
SCHEMES: Json = {
    "cookie": {"type": "apiKey", "in": "cookie", "name": "evhub_session", "description": LOGIN},
    "csrf": {"type": "apiKey", "in": "header", "name": "X-CSRF-Token", "description": "belongs to the cookie"},
    "bearer": {"type": "http", "scheme": "bearer", "description": "a token of `evhub token create`"},
}
ERRORS: Mapping[int, str] = {
    400: "It is not asked as it should be.",
    401: "Nobody knows who asks.",
    403: "Who asks may not.",
    404: "Nothing has that name.",
    409: "The device or a rule said no, or it cannot do that.",
    410: "The order came too late.",
    413: "It is too long.",
    429: "Too many wrong guesses, or too much at once: wait.",
    502: "The device, or the database, does not answer now; or nobody knows whether it was done.",
    507: "The database cannot take it; nothing was done.",
}
GUARDED_READ = (400, 401, 403, 429, 502)
OPEN_CHANGE = (400, 403, 401, 409, 413, 429, 507)
GIVEN = tuple(ERRORS)


class Problem(Shape):
    """What was wrong, and what to do."""

    code: str = Field(description=f"one of {', '.join(STATUS)}")
    message: str
    next: str = Field(description="the next step; empty where there is none")


class Failure(Shape):
    """The one shape of every error."""

    error: Problem


def described(routes: Iterable[Route], orders: Mapping[str, Served[Args]]) -> Json:
    """The whole document."""
    shown = [route for route in routes if route.path.startswith(DESCRIBED)]
    models = Models(shown, orders)
    paths: Json = {}
    for route in shown:
        if route.path != ORDER:
            paths.setdefault(_plain(route.path), {})[route.method.lower()] = _operation(route, models)
    for name, order in sorted(orders.items()):
        paths[ORDER.replace("{name}", name)] = {"post": _order(order, models)}
    document: Json = {
        "openapi": "3.1.0",
        "info": {"title": "evhub", "version": "1", "description": ABOUT, "license": {"name": "Apache-2.0"}},
        "servers": [{"url": "/"}],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": models.schemas,
            "responses": {str(status): _failure(says) for status, says in ERRORS.items()},
            "securitySchemes": SCHEMES,
        },
    }
    named: Json = orjson.loads(LONG_NAME.sub(_short, orjson.dumps(document).decode()))
    return named


class Models:
    """Every model by the name that it has in the document."""

    def __init__(self, routes: Iterable[Route], orders: Mapping[str, Served[Args]]) -> None:
        known: set[type[BaseModel]] = {Failure}
        for route in routes:
            known |= {model for model in (route.query, route.takes, route.gives) if model is not None}
        for order in orders.values():
            known |= {model for model in (order.args, order.gives) if model is not None}
        ordered = sorted(known, key=lambda model: f"{model.__module__}.{model.__qualname__}")
        wanted: list[tuple[type[BaseModel], Literal["validation"]]] = [(model, "validation") for model in ordered]
        references, made = models_json_schema(wanted, ref_template=REF)
        self._references = {model: reference for (model, _), reference in references.items()}
        self.schemas: Json = {name: _tidy(schema) for name, schema in sorted(made["$defs"].items())}

    def of(self, model: type[BaseModel]) -> Json:
        """A reference to it."""
        return dict(self._references[model])

    def properties(self, model: type[BaseModel]) -> Json:
        """Its fields by name."""
        name = self._references[model]["$ref"].rpartition("/")[2]
        found: Json = self.schemas[name].get("properties", {})
        return found


def _operation(route: Route, models: Models) -> Json:
    in_path = re.findall(r"{(\w+)", route.path)
    answers: Json = {str(status): {"description": says} for status, says in route.answers.items()}
    if 200 in route.answers:
        answers["200"]["content"] = _content(route, models)
    for status in _errors(route, has_names=bool(in_path)):
        answers[str(status)] = {"$ref": f"#/components/responses/{status}"}
    operation: Json = {
        "operationId": "_".join(re.findall(r"\w+", f"{route.method.lower()} {route.path.removeprefix('/api/v1')}")),
        "summary": route.says,
        **_guarded(route.may, route.method),
        "responses": answers,
    }
    if route.query is not None:
        operation["parameters"] = list(_parameters(route.query, in_path, models))
    if route.takes is not None:
        operation["requestBody"] = _body(models.of(route.takes))
    return operation


def _order(order: Served[Args], models: Models) -> Json:
    result = {"type": "object"} if order.gives is None else models.of(order.gives)
    done = {
        "type": "object",
        "properties": {"id": {"type": ["string", "null"]}, "ok": {"const": True}, "result": result},
        "required": ["id", "ok", "result"],
    }
    sent = {
        "type": "object",
        "properties": {
            "id": {"type": ["string", "null"], "minLength": 1, "maxLength": 64, "description": "done once for each id"},
            "args": models.of(order.args),
            "expires_at": {"type": ["string", "null"], "format": "date-time", "description": "refused after that"},
        },
        "required": ["args"] if any(field.is_required() for field in order.args.model_fields.values()) else [],
        "additionalProperties": False,
    }
    answers: Json = {"200": {"description": "It is done.", "content": {"application/json": {"schema": done}}}}
    answers |= {str(status): {"$ref": f"#/components/responses/{status}"} for status in GIVEN}
    return {
        "operationId": "order_" + order.name.replace(".", "_"),
        "summary": order.says,
        **_guarded(order.may, "POST"),
        "requestBody": _body(sent),
        "responses": answers,
    }


def _guarded(may: Roles | None, method: str) -> Json:
    """Who may, for programs and for people."""
    if may is None:
        return {"security": []}
    cookie: Json = {"cookie": []} if method == "GET" else {"cookie": [], "csrf": []}
    roles = sorted(may)
    return {"description": f"For {', '.join(roles)}.", "x-roles": roles, "security": [cookie, {"bearer": []}]}


def _errors(route: Route, *, has_names: bool) -> tuple[int, ...]:
    if not route.path.startswith("/api/"):
        return () if route.may is None else (401, 403, 429)
    if route.method != "GET":
        return OPEN_CHANGE
    return (*((400,) if route.may is None else GUARDED_READ), *((404,) if has_names else ()))


def _parameters(query: type[Args], in_path: list[str], models: Models) -> Iterable[Json]:
    for name, known in models.properties(query).items():
        schema = {key: value for key, value in known.items() if key not in (ALSO, "description")}
        place = "path" if name in in_path else "query"
        needed = name in in_path or query.model_fields[name].is_required()
        says = known.get("description")
        for one, described in ((name, says), (known.get(ALSO), f"the same as {name}")):
            if one is not None:
                parameter = {"name": one, "in": place, "required": needed, "schema": _never_null(schema)}
                yield parameter | _if("description", described)


def _never_null(schema: Json) -> Json:
    """What can be written after a `?`: a parameter is there, or it is not."""
    kinds = [kind for kind in schema.get("anyOf", []) if kind != {"type": "null"}]
    rest = {key: value for key, value in schema.items() if key != "anyOf" and (key != "default" or value is not None)}
    return rest | kinds[0] if len(kinds) == 1 else schema


def _content(route: Route, models: Models) -> Json:
    schema = {"type": "object"} if route.gives is None else models.of(route.gives)
    return {kind: {"schema": schema if kind.endswith("json") else {"type": "string"}} for kind in route.kinds}


def _body(schema: Json) -> Json:
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def _failure(says: str) -> Json:
    return {"description": says, "content": {"application/json": {"schema": {"$ref": REF.format(model="Failure")}}}}


def _tidy(schema: Any) -> Any:
    """Without the titles that only repeat names."""
    if isinstance(schema, Mapping):
        return {
            key: {name: _tidy(field) for name, field in value.items()} if key == "properties" else _tidy(value)
            for key, value in schema.items()
            if key != "title"
        }
    return [_tidy(item) for item in schema] if isinstance(schema, list) else schema


def _short(found: re.Match[str]) -> str:
    return found.group(1).capitalize() + found.group(2)


def _plain(path: str) -> str:
    return re.sub(r"{(\w+):[^}]*}", r"{\1}", path)


def _if(key: str, value: str | None) -> Json:
    return {} if value is None else {key: value}
