"""The tables of docs/reference/config.md, made from the models: `python -m tests.hub.config.reference` writes them.

Between `<!-- keys: SECTION -->` and `<!-- end -->` stands the table of a section; everything else is written by hand.
"""

from __future__ import annotations

import re
import types
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from hub.balance.config import DeltaPrimaryConfig, Lines
from hub.config.schema import Config
from hub.config.splice import _flow
from hub.devices.manifests import config_class, manifests, server_config_class
from hub.mqtt.config import HomeAssistantConfig
from tests.architecture.tree import REPOSITORY

PAGE = REPOSITORY / "docs" / "reference" / "config.md"
BLOCK = re.compile(r"<!-- keys: (.+?) -->\n(.*?)<!-- end -->", re.DOTALL)
WORDS = {str: "text", int: "whole number", float: "number", bool: "`true` or `false`", SecretStr: "text", Path: "path"}
GROUPS = {"circuits", "chargers", "meters", "operators"}


def sections() -> Iterator[tuple[str, type[BaseModel]]]:
    """Every group of keys by its place in the file."""
    for name, field in Config.model_fields.items():
        model = next(_models(field.annotation), None)
        if model is not None:
            yield (f"{name}.<id>" if name in GROUPS else name), model
    yield "grid.delta_primary", DeltaPrimaryConfig
    yield "mqtt.homeassistant", HomeAssistantConfig
    for name, manifest in manifests().items():
        server = server_config_class(manifest) if manifest.serves else None
        if server is not None:
            yield name, server
        for kind in manifest.kinds:
            own = config_class(manifest.as_kind(kind))
            if own.model_fields:
                yield f"{kind.value}s.<id> with integration {name}", own


def table(model: type[BaseModel]) -> str:
    rows = [
        f"| `{key}` | {_kind(field)} | {_default(field)} | {field.description or ''} |"
        for key, field in model.model_fields.items()
    ]
    return "\n".join(["| key | value | default | meaning |", "|---|---|---|---|", *rows])


def refreshed(page: str) -> str:
    """The page with every table made anew."""
    known = dict(sections())
    return BLOCK.sub(lambda block: f"<!-- keys: {block[1]} -->\n{table(known[block[1]])}\n<!-- end -->", page)


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel) and annotation is not Lines:
        yield annotation
    for inner in get_args(annotation):
        yield from _models(inner)


def _kind(field: FieldInfo) -> str:
    limits = {
        name: getattr(part, name) for part in field.metadata for name in ("ge", "le", "gt", "lt") if hasattr(part, name)
    }
    low, high = limits.get("ge", limits.get("gt")), limits.get("le", limits.get("lt"))
    word = _word(field.annotation)
    if low is not None and high is not None:
        return f"{word}, {'above ' if 'gt' in limits else ''}{low:g} to {high:g}"
    return word if low is None else f"{word}, {'above' if 'gt' in limits else 'at least'} {low:g}"


def _word(annotation: Any) -> str:
    origin, inner = get_origin(annotation), get_args(annotation)
    if annotation is Lines:
        return "amps: one number, or one for each line"
    if origin is Literal or (isinstance(annotation, type) and issubclass(annotation, Enum)):
        choices = inner if origin is Literal else [choice.value for choice in annotation]
        return " or ".join(f"`{choice}`" for choice in choices)
    if origin in (list, tuple):
        return f"list of {_word(inner[0])}"
    if origin in (Union, types.UnionType):
        return " or ".join(_word(part) for part in inner if part is not type(None))
    if next(_models(annotation), None) is not None:
        return "group of keys"
    return WORDS[annotation] if origin is None else _word(inner[0])  # Annotated


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "**required**"
    if field.default is PydanticUndefined or field.default in (None, "", ()):
        return ""
    value = field.default
    return f"`{_flow(value.value if isinstance(value, Enum) else value)}`".replace('"', "")


if __name__ == "__main__":
    PAGE.write_text(refreshed(PAGE.read_text()))
