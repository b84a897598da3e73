"""What Alembic runs to migrate the storage manager's store."""

from dsm.manager.tables import metadata
from penstock_core.migrations import run_environment

run_environment(metadata)
