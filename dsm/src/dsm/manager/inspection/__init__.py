"""What the inspector asks and tells: verdicts, quarantine, deletion, sweeps, usage."""
