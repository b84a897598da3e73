"""What the command line reads from the environment."""

from pathlib import Path

from pydantic_settings import BaseSettings, SettingsConfigDict

from penstock_core.errors import InvalidInput


class CliSettings(BaseSettings):
    """Credentials for programs (people use ``penstock login``), and where Penstock is.

    Attributes
    ----------
    url, data_dir
        What ``--url`` and ``--data-dir`` are where they are not given.
    username, password
        Email address and password of the user to be.
    password_file
        A file with the password, instead of ``password``.
    """

    model_config = SettingsConfigDict(env_prefix="PENSTOCK_", frozen=True, extra="ignore")

    url: str = ""
    data_dir: Path | None = None
    username: str = ""
    password: str = ""
    password_file: Path | None = None

    def known_password(self) -> str:
        """Return the password; raises ``InvalidInput`` if its file cannot be read."""
        if self.password_file is None:
            return self.password
        try:
            return self.password_file.read_text().rstrip("\n")
        except OSError as error:
            raise InvalidInput(
                f"The password cannot be read: {error}.",
                hint="PENSTOCK_PASSWORD_FILE names a file with the password alone.",
            ) from error
