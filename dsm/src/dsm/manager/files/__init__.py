"""Files: registered, attached to datasets, read, and the storages where they are."""
