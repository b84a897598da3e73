"""``make soak``: accelerated runs with all that goes wrong, through a house that is killed."""
