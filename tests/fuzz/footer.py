"""Targets on the guard of Parquet footers.

pyarrow never sees a byte that is not its own here, as some would end this process: damage is such that the
guard refuses it before, and metadata that lie are stand-ins with the same fields.
"""

from __future__ import annotations

import os
import tempfile
from functools import cache
from io import BytesIO
from types import SimpleNamespace
from typing import Any

import pyarrow.parquet as pq
from hypothesis import assume
from hypothesis import strategies as st

from flowcheck.errors import FlowFormatError
from flowcheck.flows.files import footer
from tests.fuzz.target import Target
from tests.runners.worlds import flows

SIZE = 10_000
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
            metadata = footer.read_footer(file.fileno(), os.fstat(file.fileno()).st_size)
        except FlowFormatError:
            assert data != _good()
            return "refused"
    assert (data, metadata.num_rows) == (_good(), 4)
    return "read"


@st.composite
def _metadata(draw: st.DrawFn) -> Any:
    """Two columns in up to three row groups, one after another; and up to four lies."""
    n_groups, place, groups = draw(st.integers(0, 3)), 4, []
    for _ in range(n_groups):
        n_rows, chunks = draw(st.integers(0, 50)), []
        for _ in range(2):
            length = draw(st.integers(1, 400))
            chunks.append(
                SimpleNamespace(
                    num_values=n_rows,
                    file_path="",
                    physical_type="INT32",
                    total_uncompressed_size=length,
                    total_compressed_size=length,
                    data_page_offset=place,
                    has_dictionary_page=False,
                    dictionary_page_offset=None,
                )
            )
            place += length
        groups.append(SimpleNamespace(num_rows=n_rows, num_columns=2, chunks=chunks))
    metadata = SimpleNamespace(
        num_columns=2,
        num_row_groups=n_groups,
        num_rows=sum(group.num_rows for group in groups),
        groups=groups,
    )
    lies = draw(st.integers(0, 4))
    for _ in range(lies):
        _lie(draw, metadata)
    return metadata


def _lie(draw: st.DrawFn, metadata: Any) -> None:
    chunks = [chunk for group in metadata.groups for chunk in group.chunks]
    if not chunks or draw(st.booleans()):
        one, names = metadata, ("num_rows", "num_columns")
        if metadata.groups and draw(st.booleans()):
            one, names = draw(st.sampled_from(metadata.groups)), ("num_rows", "num_columns")
    else:
        one = draw(st.sampled_from(chunks))
        names = (
            "num_values",
            "total_uncompressed_size",
            "total_compressed_size",
            "data_page_offset",
            "other",
        )
    name = draw(st.sampled_from(names))
    if name == "other":
        one.file_path, one.physical_type = draw(
            st.sampled_from([("/etc/passwd", "INT32"), ("", "BYTE_ARRAY")])
        )
    else:
        setattr(one, name, draw(_NUMBERS | st.integers(0, SIZE)))
        if name == "data_page_offset" and draw(st.booleans()):
            one.has_dictionary_page, one.dictionary_page_offset = True, draw(_NUMBERS)


class _Lying:
    """What the guard asks of metadata."""

    def __init__(self, told: Any) -> None:
        self.num_columns, self.num_rows, self.num_row_groups = (
            told.num_columns,
            told.num_rows,
            told.num_row_groups,
        )
        leaf = SimpleNamespace(path="a", physical_type="INT32", max_repetition_level=0)
        self.schema = _Schema([leaf, leaf])
        self._groups = told.groups

    def row_group(self, number: int) -> Any:
        group = self._groups[number]
        return SimpleNamespace(
            num_rows=group.num_rows, num_columns=group.num_columns, column=group.chunks.__getitem__
        )


class _Schema(list[Any]):
    def column(self, number: int) -> Any:
        return self[number]


def _held_against_the_file(told: Any) -> str:
    """What passes adds up, and lies within the file without touching anything else."""
    metadata: Any = _Lying(told)
    try:
        footer._check_counts(metadata, SIZE)
        footer._check_chunks(metadata, SIZE)
    except FlowFormatError:
        return "refused"
    assert told.num_columns == 2
    assert told.num_rows == sum(group.num_rows for group in told.groups) >= 0
    taken: set[int] = set()
    for group in told.groups:
        assert group.num_columns == 2
        for chunk in group.chunks:
            assert chunk.num_values == group.num_rows
            if chunk.num_values == 0:
                continue
            assert (chunk.file_path, chunk.physical_type) == ("", "INT32")
            assert 0 <= chunk.total_uncompressed_size <= footer.MAX_CHUNK_BYTES
            offsets = [chunk.data_page_offset, chunk.dictionary_page_offset or chunk.data_page_offset]
            place = set(range(min(offsets), min(offsets) + chunk.total_compressed_size))
            assert not place & taken
            assert not place or (min(place) >= 4 and max(place) < SIZE)
            taken |= place
    return "passed"


TARGETS = (
    Target("Parquet's ends", _ends(), _read),
    Target("Parquet's counts and places", _metadata(), _held_against_the_file),
)
