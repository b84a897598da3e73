"""The inspector's settings: read once at the start from the environment, frozen, and passed on."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class InspectorSettings(BaseSettings):
    """How the inspector works. Environment variables carry the prefix ``PENSTOCK_INSPECTOR_``.

    Attributes
    ----------
    read_bytes_per_s
        How fast it reads files to verify them, in bytes a second; 0: none are verified.
    sweep_every_s
        Time between two sweeps of a storage for dark and lost files, in seconds; 0: no sweeps.
    dark_age_s
        How long a file must lie untouched before it counts as dark, in seconds: younger ones may
        be on their way to being registered.
    usage_every_s
        Time between two samples of how full a storage is, in seconds; up to an hour.
    alarm_free_fraction
        An alarm is raised when less than this part of a storage is free.
    alarm_full_within_s
        An alarm is raised when a storage will be full within this time, in seconds.
    """

    model_config = SettingsConfigDict(env_prefix="PENSTOCK_INSPECTOR_", frozen=True, extra="ignore")

    read_bytes_per_s: float = Field(default=200e6, ge=0)
    sweep_every_s: float = Field(default=86_400, ge=0)
    dark_age_s: float = Field(default=86_400, ge=0)
    usage_every_s: float = Field(default=300, gt=0, le=3600)
    alarm_free_fraction: float = Field(default=0.05, ge=0, le=1)
    alarm_full_within_s: float = Field(default=86_400, ge=0)
