"""Writes docs/reference/operator.schema.json: every message and every fact as JSON Schema 2020-12.

`python -m hub.wire.operator.generate` writes it, with `--check` it only tells whether it is up to date.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path

from pydantic.json_schema import models_json_schema

from hub.wire.operator.base import Message, Record
from hub.wire.operator.facts import FACTS
from hub.wire.operator.messages import Ack, Batch, Command, Reply, Status

FILE = Path(__file__).parents[3] / "docs" / "reference" / "operator.schema.json"
MESSAGES: tuple[type[Message], ...] = (Batch, Status, Reply, Ack, Command)


def by_schema() -> Mapping[str, type[Record]]:
    """Every class by the schema that it stands for."""
    messages: dict[str, type[Record]] = {str(kind.model_fields["schema_id"].default): kind for kind in MESSAGES}
    return messages | dict(FACTS)


def bundle() -> str:
    """One document: `x-schemas` leads from the name of a schema to its definition."""
    classes = by_schema()
    places, document = models_json_schema([(kind, "serialization") for kind in classes.values()])
    whole = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "evhub operator wire, version 1",
        "x-schemas": {schema: places[kind, "serialization"]["$ref"] for schema, kind in classes.items()},
        **document,
    }
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"


def main(arguments: list[str]) -> int:
    """Write the file, or compare it."""
    if "--check" in arguments:
        return int(FILE.read_text() != bundle())
    FILE.write_text(bundle())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
