"""Finding integrations: every folder of the package `integrations` with a manifest.yaml is one, and hub names none.

Reading the manifests imports nothing of the integrations. Their code is imported when its settings or its entry is
asked for, so a site pays only for what it uses.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from hub.model.errors import BadConfig
from hub.sdk.config import IntegrationConfig
from hub.sdk.manifest import Manifest

PACKAGE = "integrations"
FILE = "manifest.yaml"


def manifests() -> dict[str, Manifest]:
    """All integrations by name, in the order of the alphabet. Raises BadConfig for a manifest that cannot be used."""
    folders = [Path(place) for place in importlib.import_module(PACKAGE).__path__]
    files = sorted((file for folder in folders for file in folder.glob(f"*/{FILE}")), key=lambda f: f.parent.name)
    return {file.parent.name: read(file) for file in files}


def read(file: Path) -> Manifest:
    """One manifest. Its name is its folder's, and its regular expressions compile."""
    try:
        manifest = Manifest.model_validate(YAML(typ="safe", pure=True).load(file.read_text(encoding="utf-8")))
    except (YAMLError, ValidationError) as wrong:
        raise BadConfig(f"{file}: {wrong}", "repair the manifest of this integration") from wrong
    if manifest.name != file.parent.name:
        raise BadConfig(
            f"{file}: its name is '{manifest.name}', its folder's is '{file.parent.name}'", "make them equal"
        )
    for matcher in manifest.zeroconf:
        _check_patterns(file, matcher.name, matcher.serial_name)
    return manifest


def config_class(manifest: Manifest) -> type[IntegrationConfig]:
    """The class of a charger's or meter's own keys; imports the integration's config.py."""
    return _class(manifest, manifest.config)


def server_config_class(manifest: Manifest) -> type[IntegrationConfig] | None:
    """The class of a server integration's section; None where it has none."""
    return None if manifest.server_config is None else _class(manifest, manifest.server_config)


def entry(manifest: Manifest) -> Callable[..., Any]:
    """The coroutine function that starts the integration: `start(host, config)`. Imports the integration."""
    start: Callable[..., Any] = getattr(importlib.import_module(f"{PACKAGE}.{manifest.name}"), manifest.entry)
    return start


def _class(manifest: Manifest, name: str) -> type[IntegrationConfig]:
    found = getattr(importlib.import_module(f"{PACKAGE}.{manifest.name}.config"), name)
    if not (isinstance(found, type) and issubclass(found, IntegrationConfig)):
        raise BadConfig(
            f"{PACKAGE}.{manifest.name}.config.{name} is no IntegrationConfig",
            "derive it from hub.sdk.IntegrationConfig",
        )
    return found


def _check_patterns(file: Path, *patterns: str | None) -> None:
    for pattern in patterns:
        try:
            re.compile(pattern or "")
        except re.error as wrong:
            raise BadConfig(f"{file}: {pattern!r} is no regular expression: {wrong}", "repair it") from wrong
