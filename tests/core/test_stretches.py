"""Stretches of long sequences."""

from penstock_core.stretches import stretches


def test_stretches_hold_all_values_in_their_order():
    assert list(stretches("abcde", 2)) == [("a", "b"), ("c", "d"), ("e",)]
    assert list(stretches([1, 2], 2)) == [(1, 2)]
    assert list(stretches([], 2)) == []
