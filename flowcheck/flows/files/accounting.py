"""A Parquet file accounted for down to its pages: each value that a page counts, and each byte.

A reader believes the footer. What lies beside what the footer names, or in pages past the count of their
column chunk, is passed over in silence: rows that nobody judged. So the headers of all pages are read, and
what is left over must be known for what it is: an index, a Bloom filter, a copy of what the footer says of a
chunk (Arrow up to 17, Impala and fastparquet write those), or padding.

What a page says it holds is held against its content elsewhere: :mod:`flowcheck.flows.files.contents`.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from typing import NamedTuple

import numpy as np

from flowcheck.arrays import Int64, Integer, UInt8
from flowcheck.counted import counted
from flowcheck.errors import FlowFormatError
from flowcheck.flows.files.footer import Footer
from flowcheck.kernels.parquet import footer as f
from flowcheck.kernels.parquet import pages as p
from flowcheck.kernels.parquet.thrift import DEEPEST

WINDOW = 1 << 14
"""Bytes read at once: a page's header has some dozens, and the page behind it is most often longer."""
MAX_HEADER = 16 << 20
"""Bytes of one page's header: as much as pyarrow takes."""
MAX_INDEX = 256 << 20
"""Bytes of an index of one column chunk: it has some dozens for each page."""
_AT_ONCE = 1 << 20
_MOST_COPY = 1 << 16
_COPIED = [f.TYPE, f.VALUES, f.COMPRESSED, f.DATA_AT]
"""What a copy of a chunk's metadata has in common with the footer."""
_WRONG = {
    p.UNREADABLE: "a page's header cannot be read",
    p.TOO_LONG: "a page reaches past the end of its column chunk",
    p.UNKNOWN: "a page is neither data nor a dictionary",
    p.DICTIONARIES: "a dictionary does not come first",
    p.NEGATIVE: "a page counts fewer than no values or bytes",
}
_TRUSTED = "if it is yours, write it anew with the tool that wrote it; rows that nothing counts may be in it"


class Accounted(NamedTuple):
    """What was found: pages, those that have a checksum, and bytes of padding. ``n_pages`` (chunks,): the
    pages of each chunk."""

    pages: int
    checked: int
    padding: int
    n_pages: Int64


def account(fd: int, footer: Footer, left_out: Collection[int] = ()) -> Accounted:
    """Walk all pages and account for all bytes of an open file, but for those of row groups ``left_out``, of
    which nothing is read.

    **Raises**: FlowFormatError, without a place, where pages do not add up to what the footer counts, or
    bytes are left that are none of what a Parquet file has.
    """
    groups = np.arange(len(footer.spans)) // max(len(footer.paths), 1)
    unread = np.isin(groups, np.fromiter(left_out, np.int64, len(left_out)))
    used = np.flatnonzero((footer.spans[:, 1] > footer.spans[:, 0]) & ~unread)
    used = used[footer.spans[used, 0].argsort(kind="stable")]
    counts = _walk(fd, footer, used)
    for place in np.flatnonzero(counts[:, p.COUNTED] != footer.chunks[used, f.VALUES])[:1]:
        chunk = used[place]
        raise FlowFormatError(
            f"column {_column(footer, chunk)}: its pages hold {counts[place, p.COUNTED]} values, the footer "
            f"says {footer.chunks[chunk, f.VALUES]}",
            hint=_TRUSTED,
        )
    ends = counts[:, p.END]
    own = np.array([[0, 4], [footer.begin, footer.end], [footer.size - 8, footer.size]], dtype=np.int64)
    pages = np.stack([footer.spans[used, 0], ends], axis=1)
    gaps = list(_gaps(np.concatenate([own, pages, footer.spans[unread], _indexes(fd, footer)])))
    said = Counter(map(tuple, footer.chunks[:, _COPIED].tolist())) if gaps else Counter()
    padding = 0
    for begin, end in gaps:
        begin = _behind_copies(fd, begin, end, said)
        if not _is_padding(fd, begin, end):
            raise FlowFormatError(
                f"{counted(end - begin, 'byte')} from byte {begin} on that nothing in the file names: no "
                "page, no index, no padding",
                hint=_TRUSTED,
            )
        padding += end - begin
    n_pages = np.zeros(len(footer.chunks), dtype=np.int64)
    n_pages[used] = counts[:, p.PAGES]
    return Accounted(int(n_pages.sum()), int(counts[:, p.CHECKED].sum()), padding, n_pages)


def _column(footer: Footer, chunk: int) -> str:
    return footer.paths[chunk % len(footer.paths)]


def _walk(fd: int, footer: Footer, used: Int64) -> Int64:
    """What the pages of chunks (chunks,), in the order of the file, come to: (chunks, 4)."""
    spans = np.ascontiguousarray(footer.spans[used])
    counts = np.zeros((len(used), 4), dtype=np.int64)
    if not len(used):
        return counts
    walk = np.array([0, spans[0, 0]], dtype=np.int64)
    header, open_ = np.empty(9, dtype=np.int64), np.empty((DEEPEST, 3), dtype=np.int64)
    found = _feed(
        fd,
        lambda data, begin: p.walk_pages(data, begin, spans, walk, counts, header, open_),
        lambda: int(walk[p.PLACE]),
        MAX_HEADER,
    )
    if found != p.DONE:
        column = _column(footer, used[walk[p.CHUNK]])
        raise FlowFormatError(f"column {column}: {_WRONG[found]} (byte {walk[p.PLACE]})")
    return counts


def _feed(fd: int, walk: Callable[[UInt8, int], Integer], place: Callable[[], int], most: int) -> int:
    """Call ``walk`` with bytes, and where they begin, until it does not ask for more; what it came to. Where
    it gets no further with some bytes, it gets twice as many, up to ``most``."""
    window = WINDOW
    while True:
        begin = place()
        data = np.frombuffer(os.pread(fd, window, begin), dtype=np.uint8)
        if not len(data):
            raise FlowFormatError("was cut short while it was read")
        found = walk(data, begin)
        if found != p.MORE:
            return int(found)
        window = window * 2 if place() == begin else WINDOW
        if window > most:
            return p.UNREADABLE


def _indexes(fd: int, footer: Footer) -> Int64:
    """(ranges, 2): indexes and Bloom filters that the footer names, where they hold just that. What begins
    inside of another is left out: what is read stays within the size of the file."""
    chunks = footer.chunks
    ranges = (
        (chunks[:, f.OFFSETS_AT], chunks[:, f.OFFSETS_BYTES], p.INDEX),
        (chunks[:, f.EXTREMES_AT], chunks[:, f.EXTREMES_BYTES], p.INDEX),
        (chunks[:, f.BLOOM_AT], chunks[:, f.BLOOM_BYTES], p.BLOOM),
    )
    named = np.concatenate([_named(at, size, kind, footer.begin) for at, size, kind in ranges])
    named = named[named[:, 0].argsort(kind="stable")]
    furthest = np.maximum.accumulate(np.maximum(named[:, 0], named[:, 1]))
    named = named[np.concatenate([[True], named[1:, 0] >= furthest[:-1]])[: len(named)]]
    held = np.zeros(len(named), dtype=np.uint8)
    if len(named):
        walk, open_ = np.zeros(1, dtype=np.int64), np.empty((DEEPEST, 3), dtype=np.int64)
        _feed(
            fd,
            lambda data, begin: p.hold_named(data, begin, footer.begin, named, walk, held, open_),
            lambda: int(named[walk[0], 0]),
            2 * MAX_INDEX,
        )
    kept: Int64 = named[held == 1, :2]
    return kept


def _named(at: Int64, size: Int64, kind: int, footer_at: int) -> Int64:
    """(ranges, 3): begin, end and kind of those that lie in the file. Old writers leave out how long a filter
    is."""
    inside = (at >= 4) & (at < footer_at)
    whole = inside & (size > 0) & (size <= MAX_INDEX) & (size <= footer_at - at)
    open_ = inside & (size == f.ABSENT) & (kind == p.BLOOM)
    end = np.where(open_, p.OPEN_END, at + np.where(whole, size, 0))
    found: Int64 = np.stack([at, end, np.full(len(at), kind)], axis=1)[whole | open_]
    return found


def _gaps(ranges: Int64) -> Iterator[tuple[int, int]]:
    """What lies between ranges (ranges, 2), of which some may be twice."""
    ranges = ranges[ranges[:, 0].argsort(kind="stable")]
    reached = np.maximum.accumulate(ranges[:, 1])
    for place in np.flatnonzero(ranges[1:, 0] > reached[:-1]):
        yield int(reached[place]), int(ranges[place + 1, 0])


def _behind_copies(fd: int, begin: int, end: int, said: Counter[tuple[int, ...]]) -> int:
    """Where copies of what the footer says of a chunk end that stand in a gap, one after the other; each is
    taken off what it says."""
    open_ = np.empty((DEEPEST, 3), dtype=np.int64)
    while begin < end:
        data = np.frombuffer(os.pread(fd, min(end - begin, _MOST_COPY), begin), dtype=np.uint8)
        for read in (f.read_chunk, f.read_column):
            copy = np.full(f.CHUNK_FIELDS, f.ABSENT)
            length = int(read(data, 0, len(data), copy, open_))
            if length > 0 and said[key := tuple(copy[_COPIED].tolist())] > 0:
                said[key] -= 1
                begin += length
                break
        else:
            return begin
    return begin


def _is_padding(fd: int, begin: int, end: int) -> bool:
    """Zeros: no page begins with one."""
    for at in range(begin, end, _AT_ONCE):
        if os.pread(fd, min(_AT_ONCE, end - at), at).strip(b"\0"):
            return False
    return True
