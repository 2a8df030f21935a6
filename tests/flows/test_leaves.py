"""Dictionaries of damaged files: an index past the words of one must not be followed."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from flowcheck.flows.formats.leaves import _validate


def column(indices: list[int], missing: list[bool]) -> pa.DictionaryArray:
    mask = np.array(missing, dtype=np.bool_)
    return pa.DictionaryArray.from_arrays(
        pa.array(indices, pa.int32(), mask=mask),
        pa.array(["a", "b"]),
        safe=False,
    )


@pytest.mark.parametrize("indices", [[0, 2], [-1, 0], [2, 1]])
def test_an_index_out_of_bounds_is_refused_unless_it_stands_for_none(indices: list[int]) -> None:
    with pytest.raises(pa.ArrowInvalid):
        _validate(column(indices, [False, False]))
    _validate(column(indices, [not 0 <= index < 2 for index in indices]))


def test_words_that_are_no_text_are_refused() -> None:
    words = pa.Array.from_buffers(
        pa.string(), 1, [None, pa.py_buffer(b"\0\0\0\0\2\0\0\0"), pa.py_buffer(b"\xff\xfe")]
    )
    with pytest.raises(pa.ArrowInvalid):
        _validate(pa.DictionaryArray.from_arrays(pa.array([0], pa.int32()), words))


def test_none_at_all() -> None:
    _validate(column([], []))
