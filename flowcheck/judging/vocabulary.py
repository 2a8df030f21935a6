"""Words that stand in a column as codes: numbered when they are first met, so that none is there unused."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np
import pyarrow as pa

from flowcheck.arrays import Int32, Int64

NULL, NOT_MET = -1, -2
TYPE = pa.dictionary(pa.int32(), pa.string())


class Vocabulary:
    """The distinct words of one column, and those of ``words`` in any case."""

    def __init__(self, words: Iterable[str] = ()) -> None:
        self._codes = {str(word): code for code, word in enumerate(words)}

    def number(self, texts: Iterable[str | None]) -> Int32:
        """(n,) the code of each text, NULL of none."""
        codes = self._codes
        numbered = [NULL if text is None else codes.setdefault(text, len(codes)) for text in texts]
        return np.array(numbered, dtype=np.int32)

    def column(self, codes: Sequence[Int32]) -> pa.ChunkedArray:
        """Each of codes (n,) as a chunk of words, all with one dictionary; what is NULL is written over."""
        words = pa.array(self._codes, pa.string())
        return pa.chunked_array([_in_words(one, words) for one in codes], TYPE)


class Known:
    """Codes of things that have numbers below ``n``, such as endpoints. ``texts_of`` is asked for the words
    of those that are met for the first time; from then on they stand in a table."""

    def __init__(
        self, vocabulary: Vocabulary, n: int, texts_of: Callable[[Int64], Iterable[str | None]]
    ) -> None:
        self._vocabulary = vocabulary
        self._texts_of = texts_of
        self._codes: Int32 = np.full(n, NOT_MET, dtype=np.int32)

    def codes(self, numbers: Int32) -> Int32:
        """(n,) the code of each number."""
        codes = self._codes.take(numbers)
        if (codes == NOT_MET).any():
            met = np.zeros(len(self._codes), dtype=np.bool_)
            met[numbers] = True
            new = np.flatnonzero(met & (self._codes == NOT_MET))
            self._codes[new] = self._vocabulary.number(self._texts_of(new))
            codes = self._codes.take(numbers)
        return codes


def _in_words(codes: Int32, words: pa.Array) -> pa.DictionaryArray:
    missing = codes == NULL
    valid = None
    if missing.any():
        valid = pa.py_buffer(np.packbits(~missing, bitorder="little"))
        np.maximum(codes, 0, out=codes)
    indices = pa.Array.from_buffers(pa.int32(), len(codes), [valid, pa.py_buffer(codes)])
    return pa.DictionaryArray.from_arrays(indices, words, safe=False)
