"""The shared ground: states, contracts, bus, masks, tokens, errors, settings."""
