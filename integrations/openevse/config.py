"""What an OpenEVSE's entry in the configuration takes beside the common keys (`host` and `port` are among those)."""

from __future__ import annotations

from pydantic import Field, SecretStr

from hub.sdk import IntegrationConfig


class Config(IntegrationConfig):
    """Only needed where the device's web page asks for a password."""

    username: str | None = Field(default=None, pattern="^[^:]*$", description="user name of the device's own web page")
    password: SecretStr | None = Field(default=None, description="password of the device's own web page")
