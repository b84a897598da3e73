"""Who may do what: roles, and the rights that each of them has."""

from enum import StrEnum


class Role(StrEnum):
    """What somebody is to Penstock; one may be several things."""

    VIEWER = "viewer"
    EXPERT = "expert"
    OPERATOR = "operator"
    ADMIN = "admin"
    DAQ = "daq"
    SERVICE = "service"


class Right(StrEnum):
    """One thing that a token may allow."""

    READ = "read"
    WRITE_TEMPLATES = "write templates"
    OPERATE = "operate datasets and tasks"
    ANNOUNCE_DATA = "announce data"
    ADMINISTER = "administer users"
    SERVE = "act as a service of the house"


_R = Right
RIGHTS: dict[Role, frozenset[Right]] = {
    Role.VIEWER: frozenset({_R.READ}),
    Role.EXPERT: frozenset({_R.READ, _R.WRITE_TEMPLATES}),
    Role.OPERATOR: frozenset({_R.READ, _R.OPERATE, _R.ANNOUNCE_DATA}),
    Role.ADMIN: frozenset(set(_R) - {_R.SERVE}),
    Role.DAQ: frozenset({_R.ANNOUNCE_DATA}),
    Role.SERVICE: frozenset({_R.READ, _R.ANNOUNCE_DATA, _R.SERVE}),
}


def rights_of(roles: frozenset[Role]) -> frozenset[Right]:
    """Return all rights that these roles give together."""
    return frozenset(right for role in roles for right in RIGHTS[role])
