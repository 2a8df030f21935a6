"""What a footer claims is held against the file and against itself, before anything else of it is read."""

from __future__ import annotations

import tempfile
from io import BytesIO
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from flowcheck.arrays import Int64
from flowcheck.errors import FlowFormatError
from flowcheck.flows.files import footer
from flowcheck.kernels.parquet import footer as f
from tests.flows.accounting.parts import Parts, take_apart
from tests.flows.accounting.thrift import get, put
from tests.runners.worlds import flows

SIZE, ROWS, INT32, DOUBLE = 10_000, 5, 1, 5
Lies = dict[int, int]


def chunks(*lies: Lies) -> Int64:
    """Column chunks of 40 bytes one after another, two a row group, and what each says otherwise."""
    told = np.full((len(lies), f.CHUNK_FIELDS), f.ABSENT, dtype=np.int64)
    for place, (chunk, lie) in enumerate(zip(told, lies, strict=True)):
        chunk[f.TYPE], chunk[f.VALUES], chunk[f.DATA_AT] = INT32, ROWS, 4 + 40 * place
        chunk[f.UNCOMPRESSED] = chunk[f.COMPRESSED] = 40
        for number, value in lie.items():
            chunk[number] = value
    return told


def spans(told: Int64) -> list[list[int]]:
    rows, names = np.full(len(told), ROWS), ("ip", "port")
    footer._check_kinds(told, rows, names, np.full(2, INT32), np.ones(2, dtype=np.bool_))
    found: list[list[int]] = footer._spans(told, rows, names, SIZE).tolist()
    return found


def test_a_footer_that_tells_the_truth_is_taken() -> None:
    assert spans(chunks({}, {}, {}, {})) == [[4, 44], [44, 84], [84, 124], [124, 164]]
    assert spans(chunks({}, {f.DATA_AT: 60, f.DICTIONARY_AT: 44})) == [[4, 44], [44, 84]]


@pytest.mark.parametrize(
    ("lie", "why"),
    [
        ({f.VALUES: 4}, "column port: 4 values in 5 rows"),
        ({f.ELSEWHERE: 1}, "points to another file"),
        ({f.TYPE: DOUBLE}, "column port: the chunk's type is not the schema's"),
        ({f.UNCOMPRESSED: footer.MAX_CHUNK_BYTES + 1}, "a chunk of"),
        ({f.DATA_AT: 43}, "overlap"),
        ({f.DICTIONARY_AT: 43}, "overlap"),
        ({f.DATA_AT: SIZE - 39}, "outside the file"),
        ({f.DATA_AT: 3}, "outside the file"),
        ({f.COMPRESSED: -1}, "outside the file"),
    ],
)
def test_a_footer_that_lies_is_refused(lie: Lies, why: str) -> None:
    with pytest.raises(FlowFormatError, match=why):
        spans(chunks({}, lie))


def counts(**told: int) -> Any:
    """What is asked of metadata before their columns are."""
    given = {"num_rows": 10, "num_columns": 2, "num_row_groups": 2, **told}
    return SimpleNamespace(**given, schema=range(given["num_columns"]))


@pytest.mark.parametrize(
    ("told", "why"),
    [
        (counts(num_rows=-1), "cannot be a flow log"),
        (counts(num_rows=footer.FREE_ROWS + footer.MAX_ROWS_PER_BYTE * SIZE + 1), "cannot be a flow log"),
        (counts(num_columns=footer.MAX_COLUMNS + 1), "columns; up to"),
        (counts(num_row_groups=footer.MAX_ROW_GROUPS + 1), "row groups; up to"),
    ],
)
def test_counts_past_all_measure_are_refused(told: Any, why: str) -> None:
    footer._check_counts(counts(), SIZE)
    with pytest.raises(FlowFormatError, match=why):
        footer._check_counts(told, SIZE)


def read(parts: Parts) -> footer.Footer:
    data = parts.whole()
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.flush()
        return footer.read_footer(file.fileno(), len(data))


def test_row_groups_add_up_to_the_file() -> None:
    out = BytesIO()
    pq.write_table(flows(), out)
    parts = take_apart(out.getvalue())
    assert read(parts).metadata.num_rows == get(parts.footer, 3)
    put(parts.footer, 3, get(parts.footer, 3) + 1)
    with pytest.raises(FlowFormatError, match="do not add up"):
        read(parts)
