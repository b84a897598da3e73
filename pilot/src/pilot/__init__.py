"""The embedded workload system: tasks become jobs run by warm workers."""
