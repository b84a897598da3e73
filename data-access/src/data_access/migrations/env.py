"""What Alembic runs for each command."""

from data_access.schema import metadata
from penstock_core.migrations import run_environment

run_environment(metadata)
