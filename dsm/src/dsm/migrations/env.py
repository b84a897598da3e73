"""What Alembic runs to migrate the storage manager's store."""

import dsm.manager.inspection.tables  # noqa: F401 - they belong to the same metadata
from dsm.manager.tables import metadata
from penstock_core.migrations import run_environment

run_environment(metadata)
