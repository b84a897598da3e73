"""How jobs end, as supervisor and pilot tell each other."""

from enum import IntEnum


class Ending(IntEnum):
    """How a job ended: the exit status of its supervisor."""

    EXITED = 0
    OVERTIME = 10
    CANCELLED = 11
    KILLED = 12
    NOT_HELD = 13
    CRASHED = 14
    TOO_MUCH_CPU = 15
    TOO_MUCH_MEMORY = 16
    TOO_MUCH_DISK = 17
    TOO_MANY_FILES = 18
    TOO_MUCH_LOG = 19
    TOO_MANY_PROCESSES = 20
