"""Makes the passwords of docker-compose.yml, once: ``deploy/secrets/``, for their owner alone.

What is there already stays as it is, so that it may be run again. Standard library only.
"""

import os
import secrets
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / "deploy" / "secrets"


def main(folder: Path = FOLDER) -> int:
    """Return the exit code."""
    folder.mkdir(mode=0o700, exist_ok=True)
    if (folder / "penstock.env").exists():
        sys.stdout.write(f"The secrets of {folder} are there already; they stay.\n")
        return 0
    broker, database, dashboard = (secrets.token_urlsafe(24) for _ in range(3))
    files = {
        "rabbitmq.env": {"RABBITMQ_DEFAULT_USER": "penstock", "RABBITMQ_DEFAULT_PASS": broker},
        "postgres.env": {"POSTGRES_USER": "penstock", "POSTGRES_PASSWORD": database},
        "grafana.env": {
            "GF_SECURITY_ADMIN_USER": "penstock",
            "GF_SECURITY_ADMIN_PASSWORD": dashboard,
        },
        # Last: where it is there, all are.
        "penstock.env": {
            "PENSTOCK_BROKER_URL": f"amqp://penstock:{broker}@rabbitmq:5672/%2F",
            "PENSTOCK_MANAGEMENT_URL": f"http://penstock:{broker}@rabbitmq:15672",
            "PENSTOCK_DATABASE_URL": (
                f"postgresql+psycopg://penstock:{database}@postgres:5432/{{owner}}"
            ),
        },
    }
    for name, values in files.items():
        _write(folder / name, "".join(f"{key}={value}\n" for key, value in values.items()))
    sys.stdout.write(f"Made the secrets in {folder}.\n")
    return 0


def _write(path: Path, text: str) -> None:
    """Write a file that nobody else can read, whole or not at all."""
    unfinished = path.with_suffix(".new")
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    unfinished.rename(path)


if __name__ == "__main__":
    raise SystemExit(main())
