"""Alembic's environment for the storage manager's store."""
