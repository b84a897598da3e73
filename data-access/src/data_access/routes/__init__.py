"""The REST face: each module the paths of one concept; a route parses, calls, translates."""
