"""The revisions of the storage manager's schema."""
