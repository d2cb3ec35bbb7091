"""Settings of the web server: where the pages, the API and the health check listen."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


def _an_address(text: str) -> str:
    try:
        return str(ip_address(text))
    except ValueError:
        raise ValueError("is no IP address of this machine; 0.0.0.0 means all, 127.0.0.1 only this machine") from None


class WebConfig(BaseModel):
    """The section `web`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    port: int = Field(default=8080, ge=0, le=65535, description="TCP port of pages and API; 0 takes a free one")
    bind: Annotated[str, AfterValidator(_an_address)] = Field(
        default="0.0.0.0",
        description="address to listen on; 127.0.0.1 for this machine only",
    )
