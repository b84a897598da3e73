"""What data-access alone needs to know."""

from pathlib import Path

from pydantic_settings import BaseSettings, SettingsConfigDict


class AccessSettings(BaseSettings):
    """Settings of data-access; environment variables carry the prefix ``PENSTOCK_``.

    Attributes
    ----------
    private_key_file
        The key that signs tokens; by default ``private.pem`` beside the public one. Made at the
        first start if it is not there, like the public one and the services' secrets.
    executables_file
        YAML or JSON mapping of names to argument lists: what ``POST /task/create`` may run.
        Without it, nothing.
    admin_email
        User name of the admin whom the first start makes.
    refresh_days
        How long a session lasts without being used, in days.
    """

    model_config = SettingsConfigDict(env_prefix="PENSTOCK_", frozen=True, extra="ignore")

    private_key_file: Path | None = None
    executables_file: Path | None = None
    admin_email: str = "admin@penstock.example"
    refresh_days: float = 30.0
