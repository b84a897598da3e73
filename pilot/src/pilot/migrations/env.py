"""What Alembic runs to migrate the pilot's store."""

from penstock_core.migrations import run_environment
from pilot.tables import metadata

run_environment(metadata)
