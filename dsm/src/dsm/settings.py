"""What the storage manager alone needs to know."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class StorageSettings(BaseSettings):
    """Settings of the storage manager; environment variables carry the prefix ``PENSTOCK_``.

    Attributes
    ----------
    journal_days
        How long the journal of messages is kept, in days.
    journal_rows
        How many messages it holds at most; the oldest go first.
    """

    model_config = SettingsConfigDict(env_prefix="PENSTOCK_", frozen=True, extra="ignore")

    journal_days: float = Field(default=30.0, gt=0)
    journal_rows: int = Field(default=1_000_000, ge=1)
