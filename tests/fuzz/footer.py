"""Targets on the guard of Parquet footers.

pyarrow never sees a byte that is not its own here, as some would end this process: damage is such that the
guard refuses it before, and what lies is given to it as the numbers that it makes of a footer.
"""

from __future__ import annotations

import os
import tempfile
from functools import cache
from io import BytesIO

import numpy as np
import pyarrow.parquet as pq
from hypothesis import assume
from hypothesis import strategies as st

from flowcheck.arrays import Int64
from flowcheck.errors import FlowFormatError
from flowcheck.flows.files import footer
from flowcheck.kernels.parquet import footer as f
from tests.fuzz.target import Target
from tests.runners.worlds import flows

SIZE, TYPE = 10_000, 1
LIED = (f.TYPE, f.VALUES, f.UNCOMPRESSED, f.COMPRESSED, f.DATA_AT, f.DICTIONARY_AT, f.ELSEWHERE)
_NUMBERS = st.sampled_from([-(1 << 63), -1, 0, 1, 3, 4, 5, SIZE - 1, SIZE, SIZE + 1, 1 << 31, (1 << 63) - 1])


@cache
def _good() -> bytes:
    out = BytesIO()
    pq.write_table(flows(), out)
    return out.getvalue()


@st.composite
def _ends(draw: st.DrawFn) -> bytes:
    """A good file with other ends, of which our own look sees that."""
    data = bytearray(_good())
    for _ in range(draw(st.integers(1, 3))):
        match draw(st.sampled_from(("cut", "more", "head", "tail", "length"))):
            case "cut":
                del data[draw(st.integers(0, len(data))) :]
            case "more":
                data += draw(st.binary(max_size=20))
            case "head":
                data[:4] = draw(st.binary(min_size=4, max_size=4))
            case "tail":
                data[-4:] = draw(st.binary(min_size=4, max_size=4) | st.sampled_from([b"PARE", b"PAR1"]))
            case _:
                data[-8:-4] = draw(st.integers(0, 2**32 - 1)).to_bytes(4, "little")
    length = int.from_bytes(data[-8:-4], "little")
    whole = len(data) >= 12 and data[:4] == data[-4:] == b"PAR1" and length <= len(data) - 12
    assume(not whole or bytes(data) == _good())
    return bytes(data)


def _read(data: bytes) -> str:
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.flush()
        try:
            read = footer.read_footer(file.fileno(), os.fstat(file.fileno()).st_size)
        except FlowFormatError:
            assert data != _good()
            return "refused"
    assert (data, read.metadata.num_rows) == (_good(), 4)
    return "read"


@st.composite
def _chunks(draw: st.DrawFn) -> tuple[Int64, Int64]:
    """What a footer says of two columns in up to three row groups, one after another, with up to four lies;
    and the rows of each chunk's group."""
    n_groups, place = draw(st.integers(0, 3)), 4
    rows = np.repeat(np.array([draw(st.integers(0, 50)) for _ in range(n_groups)], dtype=np.int64), 2)
    chunks = np.full((len(rows), f.CHUNK_FIELDS), f.ABSENT, dtype=np.int64)
    for chunk, n_rows in zip(chunks, rows, strict=True):
        length = draw(st.integers(1, 400))
        chunk[f.TYPE], chunk[f.VALUES], chunk[f.DATA_AT] = TYPE, n_rows, place
        chunk[f.UNCOMPRESSED] = chunk[f.COMPRESSED] = length
        place += length
    for _ in range(draw(st.integers(0, 4)) if n_groups else 0):
        told = chunks[draw(st.integers(0, len(chunks) - 1))]
        told[draw(st.sampled_from(LIED))] = draw(_NUMBERS | st.integers(0, SIZE))
    return chunks, rows


def _held_against_the_file(told: tuple[Int64, Int64]) -> str:
    """What passes adds up, and lies within the file without touching anything else."""
    chunks, rows = told
    names = ("a", "b")
    try:
        footer._check_kinds(chunks, rows, names, np.full(2, TYPE), np.ones(2, dtype=np.bool_))
        spans = footer._spans(chunks, rows, names, SIZE)
    except FlowFormatError:
        return "refused"
    taken: set[int] = set()
    for chunk, n_rows, (begin, end) in zip(chunks.tolist(), rows.tolist(), spans.tolist(), strict=True):
        assert (chunk[f.VALUES], chunk[f.TYPE], chunk[f.ELSEWHERE]) == (n_rows, TYPE, f.ABSENT)
        if n_rows == 0:
            continue
        assert 0 <= chunk[f.UNCOMPRESSED] <= footer.MAX_CHUNK_BYTES
        assert 4 <= begin <= end <= SIZE
        assert end - begin == chunk[f.COMPRESSED]
        place = set(range(begin, end))
        assert not place & taken
        taken |= place
    return "passed"


TARGETS = (
    Target("Parquet's ends", _ends(), _read),
    Target("Parquet's counts and places", _chunks(), _held_against_the_file),
)
