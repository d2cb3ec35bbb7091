"""Puts what is not Python (the shipped configuration and the blueprints) into the wheel, under `hub/_shipped/`."""

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SHIPPED = {"config.yaml": "hub/_shipped/config.yaml", "blueprints": "hub/_shipped/blueprints"}


class ShippedFiles(BuildHookInterface):  # type: ignore[type-arg]  # its one parameter is hatchling's own matter
    """Add the shipped files to a real wheel; an editable install finds them at the top of the repository."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Promise: a missing shipped file fails the build. `version` is "standard" or "editable"."""
        if version != "editable":
            build_data["force_include"].update(SHIPPED)
