"""The figures that Penstock promises, measured: ``python -m benchmarks``, or ``make bench``."""
