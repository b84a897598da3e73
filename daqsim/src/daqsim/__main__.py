"""``python -m daqsim``: the simulator as a program of its own."""

from daqsim.cli import main

if __name__ == "__main__":
    main()
