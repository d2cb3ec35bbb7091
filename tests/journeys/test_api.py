"""The API of a running demo: answers are as described, each way to order is the same, nonsense breaks nothing."""

from __future__ import annotations

import copy
import json
import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.cookiejar import CookieJar
from typing import Any
from urllib.parse import urlsplit

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from schemathesis import GenerationMode, checks
from schemathesis.core.result import Ok
from schemathesis.schemas import APIOperation

from tests.docs.openapi import FILE
from tests.journeys.hub import Hub, charging, demo
from tests.journeys.test_demo import Listener

pytestmark = [pytest.mark.needs_mosquitto, pytest.mark.timeout(240)]

Json = dict[str, Any]
DESCRIBED: Json = json.loads(FILE.read_text())
BAYS = ("bay-1", "bay-2", "bay-3", "bay-4")
EXAMPLES = 10
CHECKS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
    checks.response_headers_conformance,
]
IN_PATH = {
    "/api/v1/chargers/{id}": "bay-1",
    "/api/v1/circuits/{id}": "garage",
    "/api/v1/meters/{id}": "main",
    "/api/v1/history/{of}": "bay-1",
    "/api/v1/why/{charger}": "bay-1",
}


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    with demo(tmp_path_factory.mktemp("api") / "data") as running:
        running.wait_for(lambda s: len(s["chargers"]) == 12 and len(charging(s)) >= 4 and _held(s), within_s=90)
        yield running


@pytest.fixture(scope="module")
def token(hub: Hub) -> str:
    made = hub.cli("order", "--json", "token.create", "name=journey", "roles=owner,installer")
    secret: str = json.loads(made.stdout)["result"]["token"]
    return secret


def _held(status: Json) -> bool:
    return all(status["chargers"][bay]["held_a"] is not None for bay in BAYS)


class Browser:
    """A page of somebody who logs in: it keeps the cookie and sends the word against forgery."""

    def __init__(self, hub: Hub) -> None:
        self._hub, self._csrf = hub, ""
        self._open = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar())).open
        said = re.search(r"login (\w+), password (\S+)", "\n".join(hub.said))
        assert said
        self._csrf = self.post("/api/v1/login", {"name": said[1], "password": said[2]})["csrf"]

    def post(self, path: str, document: Json) -> Json:
        headers = {"Content-Type": "application/json", "X-CSRF-Token": self._csrf}
        request = urllib.request.Request(self._hub.url(path), json.dumps(document).encode(), headers)
        with self._open(request, timeout=30) as answer:
            said: Json = json.load(answer)
            return said


def ask(hub: Hub, token: str, path: str, document: Json | None = None) -> tuple[int, str, bytes]:
    """Status, content type and body of what a program is answered."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    body = None if document is None else json.dumps(document).encode()
    try:
        with urllib.request.urlopen(urllib.request.Request(hub.url(path), body, headers), timeout=30) as answer:
            return answer.status, answer.headers.get_content_type(), answer.read()
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, refused.headers.get_content_type(), refused.read()


# answers


def strict(schema: Any) -> Any:
    """The same, where a field that is not described is a failure."""
    if isinstance(schema, list):
        return [strict(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {} if "properties" not in schema else {"additionalProperties": schema.get("additionalProperties", False)}
    return {key: strict(value) for key, value in schema.items()} | closed


def check_answer(operation: Json, status: int, answer: Any) -> None:
    response = copy.deepcopy(operation["responses"][str(status)])
    if "$ref" in response:
        response = DESCRIBED["components"]["responses"][str(status)]
    schema = response["content"]["application/json"]["schema"]
    components = {"schemas": strict(DESCRIBED["components"]["schemas"])}
    problems = list(Draft202012Validator({**strict(schema), "components": components}).iter_errors(answer))
    assert problems == [], [f"{list(one.path)}: {one.message[:300]}" for one in problems]


READS = [
    path
    for path, methods in DESCRIBED["paths"].items()
    if "get" in methods and path not in ("/metrics", "/api/v1/live")
]


@pytest.mark.parametrize("path", READS)
def test_what_is_read_is_what_the_description_says(hub: Hub, token: str, path: str) -> None:
    real = re.sub(r"{\w+}", IN_PATH.get(path, ""), path)
    status, kind, body = ask(hub, token, real)
    assert (status, kind) == (200, "application/json"), body
    check_answer(DESCRIBED["paths"][path]["get"], 200, json.loads(body))


ORDERS: list[tuple[str, Json]] = [
    ("sessions.list", {"limit": 3}),
    ("history.query", {"of": "bay-1", "every": "raw"}),
    ("history.totals", {"by": "day"}),
    ("history.why", {"charger": "bay-2"}),
    ("device.list", {}),
    ("user.add", {"name": "anne", "roles": ["viewer"]}),
    ("user.list", {}),
    ("user.role", {"name": "anne", "roles": ["viewer", "support"]}),
    ("user.reset", {"name": "anne"}),
    ("user.remove", {"name": "anne"}),
    ("token.create", {"name": "panel", "roles": ["viewer"], "days": 3}),
    ("token.list", {}),
    ("token.revoke", {"name": "panel"}),
    ("audit.list", {}),
    ("charger.set_limit", {"charger": "bay-5", "limit_a": 10}),
    ("charger.allow", {"charger": "bay-5", "allow": False}),
    ("charger.allow", {"charger": "bay-5", "allow": True}),
    ("device.rename", {"device": "bay-5", "name": "By the door"}),
    ("config.reload", {}),
    ("operator.status", {}),
]


@pytest.mark.parametrize(("name", "args"), ORDERS)
def test_what_an_order_answers_is_what_the_description_says(hub: Hub, token: str, name: str, args: Json) -> None:
    status, _, body = ask(hub, token, f"/api/v1/orders/{name}", {"args": args})
    assert status == 200, body
    check_answer(DESCRIBED["paths"][f"/api/v1/orders/{name}"]["post"], 200, json.loads(body))


def test_history_as_a_table(hub: Hub, token: str) -> None:
    status, kind, body = ask(hub, token, "/api/v1/history/bay-1?every=raw&what=power&format=csv")
    first, *rows = body.decode().splitlines()
    assert (status, kind, first) == (200, "text/csv", "time_utc,power_w")
    assert rows


# one order, four ways


def test_an_order_is_the_same_by_every_way(hub: Hub, token: str) -> None:
    """Four bays, four ways: the same reply, the same effect at the charger, the same line in the book."""
    args = [{"charger": bay, "limit_a": 7} for bay in BAYS]
    listener = Listener(hub.mqtt_port, "evhub/reply/#")
    try:
        cli = hub.cli("order", "--json", "charger.set_limit", f"charger={BAYS[0]}", "limit_a=7")
        by_cli = json.loads(cli.stdout)
        by_api = json.loads(ask(hub, token, "/api/v1/orders/charger.set_limit", {"id": "f1", "args": args[1]})[2])
        listener.send("evhub/order/charger.set_limit", json.dumps({"id": "f2", "args": args[2]}))
        by_mqtt = listener.wait("evhub/reply/f2")
    finally:
        listener.close()
    by_page = Browser(hub).post("/api/v1/orders/charger.set_limit", {"id": "f3", "args": args[3]})
    replies = [by_cli, by_api, by_mqtt, by_page]
    for bay, reply in zip(BAYS, replies, strict=True):
        said = reply["result"]
        assert (reply["ok"], said["charger"], said["limit_a"], said["allow"]) == (True, bay, 7, True)
        assert said["granted_a"] <= 7
        assert (reply.keys(), said.keys()) == (by_cli.keys(), by_cli["result"].keys())
    hub.wait_for(lambda s: all((s["chargers"][bay]["held_a"] or 0) <= 7 for bay in BAYS), within_s=20)
    lines = json.loads(ask(hub, token, "/api/v1/audit?order=charger.set_limit&limit=4")[2])["lines"]
    assert [(line["args"], line["result"], line["message"]) for line in reversed(lines)] == [
        (one, "done", "done") for one in args
    ]
    ways = [(line["via"], line["who"], line["origin"]) for line in reversed(lines)]
    assert [way for way, _, _ in ways] == ["cli", "api", "mqtt", "page"]
    assert ways[1:] == [("api", "journey", "127.0.0.1"), ("mqtt", "mqtt", None), ("page", "owner", "127.0.0.1")]


def test_a_refusal_is_the_same_by_every_way(hub: Hub, token: str) -> None:
    args = {"charger": "bay-99", "limit_a": 7}
    by_cli = json.loads(hub.cli("order", "--json", "charger.set_limit", "charger=bay-99", "limit_a=7").stdout)
    status, _, body = ask(hub, token, "/api/v1/orders/charger.set_limit", {"args": args})
    listener = Listener(hub.mqtt_port, "evhub/reply/#")
    listener.send("evhub/order/charger.set_limit", json.dumps({"id": "g1", "args": args}))
    by_mqtt = listener.wait("evhub/reply/g1")
    listener.close()
    assert (status, json.loads(body)["error"], by_mqtt["error"]) == (400, by_cli["error"], by_cli["error"])
    lines = json.loads(ask(hub, token, "/api/v1/audit?order=charger.set_limit&limit=3")[2])["lines"]
    assert {(line["result"], line["message"]) for line in lines} == {("invalid", by_cli["error"]["message"])}


# nonsense


Operation = APIOperation[Any, Any, Any, Any]


def nonsense() -> Iterator[Any]:
    """Every operation, with values that fit its description and, where it takes any, with values that do not."""
    for found in schemathesis.openapi.from_dict(DESCRIBED).get_all_operations():
        if isinstance(found, Ok):
            operation = found.ok()
            yield pytest.param(operation, GenerationMode.POSITIVE, id=f"{operation.label}, fits")
            if operation.query or operation.path_parameters or operation.body:
                yield pytest.param(operation, GenerationMode.NEGATIVE, id=f"{operation.label}, does not fit")


@pytest.mark.parametrize(("operation", "mode"), [*nonsense()])
def test_nonsense_has_a_described_answer_and_never_breaks_the_hub(
    hub: Hub, token: str, operation: Operation, mode: GenerationMode
) -> None:
    """By schemathesis, with the same values in every run."""

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def send(case: Any) -> None:
        parts = urlsplit(hub.url("/"))
        case.call_and_validate(
            base_url=f"{parts.scheme}://{parts.netloc}", headers={"Authorization": f"Bearer {token}"}, checks=CHECKS
        )

    send()


def test_after_all_that_the_site_goes_on(hub: Hub) -> None:
    status = hub.status()
    assert status["config"]["problems"] == 0
    assert len(status["chargers"]) == 12
