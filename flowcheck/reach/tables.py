"""A matrix as an Arrow table: a row for each pair and stretch of ports of which anything is said."""

from __future__ import annotations

from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from flowcheck.arrays import AnyArray, Int64
from flowcheck.model.protocols import protocol_name
from flowcheck.reach.codes import reasons_of, verdicts_of, word_of
from flowcheck.reach.matrix import Matrix
from flowcheck.reach.ports import NO_NUMBER

SCHEMA = pa.schema(
    [
        ("src", pa.dictionary(pa.int32(), pa.string())),
        ("dst", pa.dictionary(pa.int32(), pa.string())),
        ("src_kind", pa.dictionary(pa.int32(), pa.string())),
        ("dst_kind", pa.dictionary(pa.int32(), pa.string())),
        ("protocol", pa.dictionary(pa.int32(), pa.string())),
        ("first_port", pa.int32()),
        ("last_port", pa.int32()),
        ("verdict", pa.dictionary(pa.int32(), pa.string())),
        ("among", pa.dictionary(pa.int32(), pa.string())),
        ("reasons", pa.dictionary(pa.int32(), pa.string())),
    ]
)
"""``first_port`` to ``last_port``, both included, of ICMP type * 256 + code; null where a protocol has none.
``among``: the verdicts of single pods where ``verdict`` is ``some``; ``reasons``: why any is unknown; else
null. Several are joined by ``; ``."""


def to_arrow(matrix: Matrix) -> pa.Table:
    """The rows, pair by pair; neighbouring ports of which the same is said are one."""
    said = [[*_stretches_of(matrix, number)] for number in range(len(matrix.masks))]
    counts = np.array([len(one) for one in said], dtype=np.int64)
    first = np.cumsum([0, *counts[:-1]])
    flat = [one for rows in said for one in rows]
    row, column = np.nonzero(matrix.cells)
    answer = matrix.cells[row, column]
    n_rows = counts[answer]
    pair = np.repeat(np.arange(len(answer)), n_rows)
    within = np.arange(len(pair)) - np.repeat(np.cumsum(n_rows) - n_rows, n_rows)
    which = first[answer[pair]] + within
    src, dst = row[pair], column[pair]
    numbers = np.array([one[1:3] for one in flat], dtype=np.int32).reshape(-1, 2)[which]
    lacks = numbers[:, 0] == NO_NUMBER
    words = [[str(texts[place]) for texts in flat] for place in (0, 3, 4, 5)]
    columns = [
        _words([party.name for party in matrix.sources], src),
        _words([party.name for party in matrix.destinations], dst),
        _words([party.kind for party in matrix.sources], src),
        _words([party.kind for party in matrix.destinations], dst),
        _words(words[0], which),
        pa.array(numbers[:, 0], mask=lacks),
        pa.array(numbers[:, 1], mask=lacks),
        *(_words(texts, which) for texts in words[1:]),
    ]
    return pa.Table.from_arrays(columns, schema=SCHEMA)


def write_parquet(matrix: Matrix, stream: BinaryIO) -> None:
    """The rows as a Parquet file."""
    with pq.ParquetWriter(stream, SCHEMA, compression="zstd", write_page_checksum=True) as writer:
        writer.write_table(to_arrow(matrix))


def _stretches_of(matrix: Matrix, number: int) -> list[tuple[str, int, int, str, str, str]]:
    """Of one answer: protocol, first and last port, verdict, among, reasons."""
    found: list[tuple[str, int, int, str, str, str]] = []
    for mask, (protocol, first, last) in zip(matrix.masks[number].tolist(), matrix.stretches, strict=True):
        if not mask:
            continue
        verdict, among = word_of(mask), verdicts_of(mask)
        told = verdict, "; ".join(among) if len(among) > 1 else "", "; ".join(reasons_of(mask))
        name = protocol_name(protocol)
        if found and (found[-1][0], found[-1][2] + 1, *found[-1][3:]) == (name, first, *told):
            found[-1] = (name, found[-1][1], last, *told)
        else:
            found.append((name, first, last, *told))
    return found


def _words(texts: list[str], codes: Int64 | AnyArray) -> pa.DictionaryArray:
    """A text for each code; the empty one is null."""
    known: dict[str, int] = {}
    numbers = np.array([known.setdefault(text, len(known)) for text in texts], dtype=np.int32)
    indices = numbers[codes] if len(numbers) else np.zeros(0, dtype=np.int32)
    missing = indices == known.get("", -1)
    return pa.DictionaryArray.from_arrays(pa.array(indices, mask=missing), pa.array([*known], pa.string()))
