"""Runs of the DAQ, their streams and STFs, and the detector: folded from facts in any order."""
