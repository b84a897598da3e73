"""What a link carries, seen from the whole workflow: a value, one file, or a dataset's files."""

from enum import Enum

from recipe.shapes import FileType, Shape


class Level(Enum):
    """What stands behind a name in the workflow.

    ``VALUE``: a workflow input's value. ``ONE``: a dataset of one file; ``GROUPS``: the same in the
    document, and a file for each group of a merge in the dataset. ``EACH``: a file of each
    job, in a workflow that is written for one file. ``LIST``: a dataset's files, as a File[].
    ``NESTED``: lists of lists. ``OTHER``: what no dataset holds.
    """

    VALUE = "value"
    ONE = "one"
    GROUPS = "groups"
    EACH = "each"
    LIST = "list"
    NESTED = "nested"
    OTHER = "other"


def output_level(kind: FileType, scattered: bool, lifted: bool, grouped: bool) -> Level:
    """Return what a step's output is to others, by its own type and how its step runs."""
    if kind.shape is Shape.OTHER:
        return Level.OTHER
    many = scattered or lifted
    if kind.shape is Shape.FILES:
        return Level.NESTED if many else Level.LIST
    if scattered:
        return Level.LIST
    if lifted:
        return Level.EACH
    return Level.GROUPS if grouped else Level.ONE
