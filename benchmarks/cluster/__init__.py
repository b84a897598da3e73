"""``make bench-cluster``: the production form, measured at its targets."""
