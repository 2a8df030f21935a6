"""Which field stands where in a line, and lines of one layout -> their fields, a column each."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.csv as csv

from flowcheck.flows.formats.aws.fields import READ, WHOLE
from flowcheck.flows.formats.aws.needed import lacks_ends, needed_first
from flowcheck.flows.logs.columns.addresses import NULLS

_TEXT = pa.dictionary(pa.int32(), pa.string())


class Layout:
    """``n``: how many fields a line has; ``separator``: what stands between them."""

    def __init__(self, fields: tuple[str, ...], separator: str = " ") -> None:
        self.n, self.separator = len(fields), separator
        self._parsed = csv.ParseOptions(
            delimiter=separator, quote_char=False, double_quote=False, ignore_empty_lines=False
        )
        names = [
            name if name in READ and name not in fields[:place] else "" for place, name in enumerate(fields)
        ]
        self._names = [name or str(place) for place, name in enumerate(names)]
        self._read = [name for name in names if name]
        self._needed = needed_first(self._read)

    def alike(self, lines: memoryview) -> dict[str, pa.Array]:
        """The fields of lines that are all alike; none where one is not, or may be blank: pyarrow makes of
        it a row of nothing, and every record has a start."""
        try:
            columns = self._columns(lines, self._needed, pa.int64())
            if "start" not in columns or columns["start"].null_count:
                return {}
            if self._needed is not self._read and lacks_ends(columns):
                self._needed = self._read
                columns = self._columns(lines, self._read, pa.int64())
        except pa.ArrowInvalid:
            return {}
        return columns

    def each(self, lines: bytes) -> dict[str, pa.Array]:
        """The fields of lines that all have so many, in UTF-8; numbers as text, so that each may be wrong."""
        return self._columns(lines, self._read, pa.string())

    def _columns(
        self, lines: bytes | memoryview, read: list[str], number: pa.DataType
    ) -> dict[str, pa.Array]:
        types = {name: number if name in WHOLE else _TEXT for name in read}
        table = csv.read_csv(
            pa.BufferReader(lines),
            csv.ReadOptions(column_names=self._names, use_threads=False, block_size=len(lines) + 1),
            self._parsed,
            csv.ConvertOptions(include_columns=read, column_types=types, null_values=list(NULLS)),
        )
        columns = {name: table.column(name) for name in read}
        return {
            name: column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
            for name, column in columns.items()
        }
