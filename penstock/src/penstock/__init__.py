"""The command, the Python client and every service in one process."""
