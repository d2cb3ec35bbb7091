"""The base of an integration's configuration: the keys that a charger or meter entry takes beside the common ones."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class IntegrationConfig(BaseModel):
    """Strict: a key that the integration does not know is an error with its line, never ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)
