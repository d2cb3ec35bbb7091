"""Settings of the history: how finely it is written, and for how long each grain is kept."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class RecorderConfig(BaseModel):
    """The section `recorder`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    raw_interval_s: int = Field(default=1, ge=1, le=60, description="at most one sample of each device in this time")
    raw_hours: int = Field(default=48, ge=1, le=720, description="samples are kept for so many hours")
    changes_days: int = Field(
        default=14, ge=1, le=400, description="each change of status, limit and its reason is kept for so many days"
    )
    five_minute_days: int = Field(default=400, ge=2, le=4000, description="5-minute statistics are kept so long")
    hourly_years: int = Field(default=10, ge=1, le=100, description="hourly statistics are kept so long")
