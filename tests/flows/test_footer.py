"""What a footer claims is held against the file and against itself, before anything else of it is read.

The footers are stand-ins for pyarrow's: a file that lies so is safe with none but its reader.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from flowcheck.errors import FlowFormatError
from flowcheck.flows.files import footer

SIZE = 10_000
CHUNK = {
    "num_values": 5,
    "file_path": "",
    "physical_type": "INT32",
    "total_uncompressed_size": 40,
    "total_compressed_size": 40,
    "has_dictionary_page": False,
    "dictionary_page_offset": None,
}


def metadata(*groups: list[dict[str, Any]], rows: int | None = None, leaves: int = 2) -> Any:
    """Of row groups of five rows each, a list of chunks a group: what is said here, and else CHUNK."""
    made = []
    place = 4
    for chunks in groups:
        parts = []
        for chunk in chunks:
            parts.append(SimpleNamespace(**{**CHUNK, "data_page_offset": place, **chunk}))
            place += 40
        made.append(SimpleNamespace(num_rows=5, num_columns=len(parts), column=parts.__getitem__))
    leaf = SimpleNamespace(path="port", physical_type="INT32", max_repetition_level=0)

    class Schema:
        column = staticmethod(lambda _: leaf)

        def __len__(self) -> int:
            return leaves

    return SimpleNamespace(
        num_rows=5 * len(groups) if rows is None else rows,
        num_columns=leaves,
        num_row_groups=len(made),
        row_group=made.__getitem__,
        schema=Schema(),
    )


def check(told: Any, size: int = SIZE) -> None:
    footer._check_counts(told, size)
    footer._check_chunks(told, size)


def test_a_footer_that_tells_the_truth_is_taken() -> None:
    check(metadata([{}, {}], [{}, {}]))
    check(metadata([{}, {"has_dictionary_page": True, "data_page_offset": 60, "dictionary_page_offset": 44}]))


@pytest.mark.parametrize(
    ("told", "why"),
    [
        (metadata([{}, {}], rows=6), "do not add up"),
        (metadata(rows=-1), "cannot be a flow log"),
        (metadata(rows=footer.FREE_ROWS + footer.MAX_ROWS_PER_BYTE * SIZE + 1), "cannot be a flow log"),
        (metadata(leaves=footer.MAX_COLUMNS + 1), "columns; up to"),
        (metadata([{}]), "another number of columns"),
        (metadata([{}, {"num_values": 4}]), "4 values in 5 rows"),
        (metadata([{}, {"file_path": "/etc/hosts"}]), "points to another file"),
        (metadata([{}, {"physical_type": "DOUBLE"}]), "not the schema's"),
        (metadata([{}, {"total_uncompressed_size": footer.MAX_CHUNK_BYTES + 1}]), "a chunk of"),
        (metadata([{}, {"data_page_offset": 43}]), "overlap"),
        (metadata([{}, {"data_page_offset": SIZE - 39}]), "outside the file"),
        (metadata([{"data_page_offset": 3}, {}]), "outside the file"),
        (metadata([{}, {"total_compressed_size": -1}]), "outside the file"),
        (
            metadata([{}, {"has_dictionary_page": True, "dictionary_page_offset": 43}]),
            "overlap",
        ),
    ],
)
def test_a_footer_that_lies_is_refused(told: Any, why: str) -> None:
    with pytest.raises(FlowFormatError, match=why):
        check(told)


def test_more_row_groups_than_any_log_has_are_not_looked_at() -> None:
    told = SimpleNamespace(**{**vars(metadata()), "num_row_groups": footer.MAX_ROW_GROUPS + 1})
    with pytest.raises(FlowFormatError, match="row groups; up to"):
        check(told)
