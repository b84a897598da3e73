"""Masks: which datasets a template takes, said in globs and conditions, and decided in words.

>>> from penstock_core.masks import MaskIndex, Selector, overlap, parse_mask
>>> calibration = Selector.parse(["swf.{run:[0-9]*}.calib"], where=["run >= 1000"])
>>> calibration.decide("swf.1042.calib").captures
{'run': '1042'}
>>> calibration.decide("swf.7.calib").reason
'run >= 1000 fails: run is 7'
>>> MaskIndex({"calibration": calibration}).candidates("swf.7.calib")
['calibration']
>>> overlap(parse_mask("swf.*.raw"), parse_mask("*.test.*"))
'swf.test.raw'
"""

from penstock_core.masks.conditions import Condition, parse_condition
from penstock_core.masks.glob import Mask
from penstock_core.masks.index import MaskIndex
from penstock_core.masks.overlap import overlap
from penstock_core.masks.parser import parse_mask
from penstock_core.masks.selector import Decision, Selector

__all__ = [
    "Condition",
    "Decision",
    "Mask",
    "MaskIndex",
    "Selector",
    "overlap",
    "parse_condition",
    "parse_mask",
]
