"""A simulator of the DAQ and the detector states that writes real files."""
