"""The manager's REST: routes parse, call one function, and answer."""
