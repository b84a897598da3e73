"""Settings: read once at the start from the environment, frozen, and passed on."""

from pathlib import Path

from pydantic_settings import BaseSettings, SettingsConfigDict


class HouseSettings(BaseSettings):
    """What every service needs to know to find the others.

    Environment variables carry the prefix ``PENSTOCK_``: ``PENSTOCK_DATA_DIR`` and so on.

    Attributes
    ----------
    data_dir
        Folder for this installation's stores, keys and scratch space.
    data_access_url, dsm_url, pilot_url, template_manager_url
        Where the services answer; the defaults are their names inside one process.
    broker_url
        ``amqp://…`` for RabbitMQ; "" for the local bus in ``data_dir``.
    management_url
        ``http://user:password@host:port`` of RabbitMQ's management API, with which each start
        applies and verifies the policies that queues need; "" where somebody else does.
    database_url
        SQLAlchemy URL of a PostgreSQL (``postgresql+psycopg://…``), with ``{owner}`` where the
        owner's database name goes; "" for one SQLite file an owner in ``data_dir``.
    public_key_file
        data-access's public key, for verifying tokens; "" for ``data_dir/keys/public.pem``.
    secrets_dir
        Folder with one file a service: its secret; "" for ``data_dir/secrets``.
    sandbox
        What holds strangers' programs in: ``auto`` for the best that the machine has, or
        ``bubblewrap``, ``namespaces``, ``landlock``; ``none`` only for your own templates.
    reconcile_every_s
        How often each reconciler looks without having been woken, in seconds.
    """

    model_config = SettingsConfigDict(env_prefix="PENSTOCK_", frozen=True, extra="ignore")

    data_dir: Path
    data_access_url: str = "http://data-access"
    dsm_url: str = "http://dsm"
    pilot_url: str = "http://pilot"
    template_manager_url: str = "http://template-manager"
    broker_url: str = ""
    management_url: str = ""
    database_url: str = ""
    public_key_file: Path | None = None
    secrets_dir: Path | None = None
    sandbox: str = "auto"
    reconcile_every_s: float = 5.0

    def database(self, owner: str) -> str:
        """Return the SQLAlchemy URL of ``owner``'s store."""
        if self.database_url:
            return self.database_url.replace("{owner}", owner)
        return f"sqlite+aiosqlite:///{self.data_dir.absolute()}/{owner}.db"

    @property
    def public_key(self) -> Path:
        """Return the file of the public key."""
        return self.public_key_file or self.data_dir / "keys" / "public.pem"

    def secret_file(self, service: str) -> Path:
        """Return the file that holds ``service``'s secret."""
        return (self.secrets_dir or self.data_dir / "secrets") / service
