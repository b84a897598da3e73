"""Due tasks are submitted to a workload system and followed."""
