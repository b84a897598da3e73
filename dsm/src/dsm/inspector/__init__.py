"""The inspector: holds what lies on disk against the catalogue, by the manager's REST alone."""
