"""Actions on tasks: which, whether, what follows, and the history of it."""
