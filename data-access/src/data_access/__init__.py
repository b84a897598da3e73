"""The only door to the workflow database."""
