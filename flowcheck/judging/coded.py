"""Codes put into words, for every table that holds both."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pyarrow as pa


def in_words(codes: np.ndarray, words: Iterable[str]) -> pa.DictionaryArray:
    """The word of each code (n,), which is its place among the words; an empty word is null."""
    texts = [str(word) for word in words]
    empty = np.array([not text for text in texts], dtype=np.bool_)
    indices = pa.array(codes.astype(np.int32), mask=empty[codes])
    return pa.DictionaryArray.from_arrays(indices, pa.array(texts, pa.string()))
