"""The oracle of these tests: schemas and validation of the PyPI package `ocpp`, and payloads drawn from them."""

import asyncio
import json
from functools import cache
from importlib.resources import files
from typing import Any
from unittest.mock import patch

from hypothesis import strategies as st
from ocpp import messages
from ocpp.exceptions import OCPPError

FOLDER = files("ocpp") / "v16" / "schemas"
NAMES = sorted(file.name.removesuffix(".json") for file in FOLDER.iterdir())
ACTIONS = [name for name in NAMES if not name.endswith("Response")]
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


@cache
def schema(name: str) -> dict[str, Any]:
    """The official schema of `Reset` or `ResetResponse`."""
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text("utf-8-sig"))
    return found


def valid(name: str) -> st.SearchStrategy[dict[str, Any]]:
    """Payloads that the schema allows, optional fields sometimes there."""
    top = schema(name)
    return _object(top, top.get("definitions", {}))


def full(name: str) -> st.SearchStrategy[dict[str, Any]]:
    """Payloads with every field that the schema knows."""
    top = schema(name)
    return _object(top, top.get("definitions", {}), everything=True)


def _object(
    shape: dict[str, Any], definitions: dict[str, Any], everything: bool = False
) -> st.SearchStrategy[dict[str, Any]]:
    fields = {key: _value(part, definitions, everything) for key, part in shape.get("properties", {}).items()}
    required = fields if everything else {key: fields[key] for key in shape.get("required", [])}
    return st.fixed_dictionaries(required, optional={key: fields[key] for key in fields.keys() - required.keys()})


def _value(shape: dict[str, Any], definitions: dict[str, Any], everything: bool) -> st.SearchStrategy[Any]:
    if "$ref" in shape:
        return _value(definitions[shape["$ref"].rpartition("/")[2]], definitions, everything)
    if "enum" in shape:
        return st.sampled_from(shape["enum"])
    if shape["type"] == "object":
        return _object(shape, definitions, everything)
    if shape["type"] == "array":
        least = 1 if everything else shape.get("minItems", 0)
        return st.lists(_value(shape["items"], definitions, everything), min_size=least, max_size=3)
    return {
        "string": st.text(st.characters(exclude_categories=["Cs"]), max_size=min(shape.get("maxLength", 30), 30)),
        "integer": st.integers(-(10**9), 10**9),
        "number": st.integers(-10000, 10000).map(lambda tenths: tenths / 10),
        "boolean": st.booleans(),
    }[shape["type"]]


def oracle_accepts(name: str, payload: Any) -> bool:
    """Whether `ocpp.messages` lets this payload of `Reset` or `ResetResponse` pass."""
    action = name.removesuffix("Response")
    message = messages.CallResult("1", payload, action) if action != name else messages.Call("1", action, payload)
    with patch.object(messages, "ASYNC_VALIDATION", False):  # or every one takes a thread
        try:
            asyncio.run(messages.validate_payload(message, "1.6"))
        except OCPPError:
            return False
    return True
