"""Settings of access: how long a login lasts, and how long the audit book is kept."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class AccessConfig(BaseModel):
    """The section `access`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    login_days: int = Field(default=30, ge=1, le=365, description="a login ends after so many days at the latest")
    idle_days: int = Field(default=7, ge=1, le=365, description="and after so many days in which nobody used it")
    audit_days: int = Field(default=400, ge=30, le=3650, description="how long the audit book keeps what was ordered")
