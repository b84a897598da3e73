"""The pilot's schema, version by version."""
