"""Whether the pages of one column hold as many values as they count: rows that no count names hide there too.

One column is enough, if every row has a value in it, or else is none: whoever hides rows in pages must hide
them in the pages of all columns.
"""

from __future__ import annotations

import os
from collections.abc import Collection

import numpy as np
import pyarrow as pa

from flowcheck.arrays import Int64
from flowcheck.errors import FlowFormatError
from flowcheck.flows.files.footer import MAX_CHUNK_BYTES, Footer
from flowcheck.kernels.parquet import contents as c
from flowcheck.kernels.parquet import footer as f
from flowcheck.kernels.parquet.thrift import DEEPEST

_CODECS = {0: None, 1: "snappy", 2: "gzip", 4: "brotli", 6: "zstd", 7: "lz4_raw"}
"""By the number that Parquet gives them. LZ4 in frames of Hadoop, which is 5, and LZO are not unpacked."""
_WIDTHS = {1: 4, 2: 8, 3: 12}
"""Bytes of a plain value, by the type's number: INT32, INT64, INT96."""


def hold_values(fd: int, footer: Footer, column: int, n_pages: Int64, left_out: Collection[int] = ()) -> None:
    """Look into the pages of one column, which is not nested, but for row groups ``left_out``. n_pages
    (chunks,): how many each chunk has, as they were counted.

    **Raises**: FlowFormatError, without a place; OSError where a page cannot be unpacked.
    """
    nullable = footer.metadata.schema.column(column).max_definition_level > 0
    open_ = np.empty((DEEPEST, 3), dtype=np.int64)
    for chunk in range(column, len(footer.chunks), len(footer.paths)):
        begin, end = footer.spans[chunk].tolist()
        width = _WIDTHS.get(int(footer.chunks[chunk, f.TYPE]))
        codec = int(footer.chunks[chunk, f.CODEC])
        unread = chunk // len(footer.paths) in left_out
        if unread or begin == end or width is None or codec not in _CODECS:
            continue
        data = os.pread(fd, end - begin, begin)
        pages = np.empty((int(n_pages[chunk]), c.PAGE_FIELDS), dtype=np.int64)
        if c.list_pages(np.frombuffer(data, dtype=np.uint8), pages, open_) != len(pages):
            raise FlowFormatError("changed while it was read")
        for page in pages[(pages[:, c.KIND] == 0) | (pages[:, c.KIND] == 3)]:
            body, levels = _unpacked(data, page, _CODECS[codec])
            if c.holds(body, levels, page, nullable, width) == c.HOLDS_MORE:
                raise FlowFormatError(
                    f"column {footer.paths[column]}: a page counts {page[c.VALUES]} values and holds others "
                    f"(byte {begin + page[c.BODY]})"
                )


def _unpacked(data: bytes, page: Int64, codec: str | None) -> tuple[np.ndarray, int]:
    """(levels and values of a page, bytes of its levels or -1 where they say that themselves)."""
    kind, size, packed, _, _, levels, repeats, is_packed, at = page.tolist()
    body = memoryview(data)[at : at + packed]
    if kind == 0:
        levels = -1
        repeats = ahead = 0
    else:
        ahead = levels + repeats
    if min(levels + 1, repeats, packed - ahead, size - ahead) < 0 or size > MAX_CHUNK_BYTES:
        raise FlowFormatError("the sizes in a page's header cannot be")
    values = body[ahead:]
    if codec is not None and (kind == 0 or is_packed) and len(values):
        values = pa.decompress(pa.py_buffer(values), size - ahead, codec=codec)
    whole = values if not ahead else b"".join((body[repeats:ahead], memoryview(values)))
    found = np.frombuffer(whole, dtype=np.uint8)
    found.flags.writeable = False  # of what was unpacked it is: a type of its own to a kernel
    return found, levels
