"""Folders that are tables of Delta Lake, Iceberg or Hudi, with files of versions that are gone.

What counts stands in the table's log. Delta's is read by the package ``deltalake`` where that is installed;
other tables are refused by name, never read as if every file in them counted.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import import_module
from types import ModuleType
from typing import Any
from urllib.parse import unquote, urlsplit

import pyarrow as pa

from flowcheck.flows.files.hive import Key

_LOGS = {"_delta_log": "Delta", ".hoodie": "Hudi"}
_ICEBERG = re.compile(r"(v\d+|\d+-[0-9a-f-]{36})(\.gz)?\.metadata\.json|version-hint\.text")
_HARMLESS = {"timestampNtz", "typeWidening", "typeWidening-preview", "v2Checkpoint", "vacuumProtocolCheck"}
"""Features of Delta's that leave a data file what it is: all of its rows, under the table's own names.

Source: https://github.com/delta-io/delta/blob/master/PROTOCOL.md, "Reader features".
"""
_WRITE_OUT = "write out what it holds now (DuckDB: COPY (FROM delta_scan('...')) TO 'flows.parquet')"
WAY_OUT = {
    "Delta": f"pip install 'flowcheck[delta]' to have its newest version read, or {_WRITE_OUT}",
    "Iceberg": "write out what it holds now (pyiceberg: pyarrow.parquet.write_table(table.scan().to_arrow(), "
    "'flows.parquet'))",
    "Hudi": "write out what it holds now (Spark: spark.read.format('hudi').load(...).write.parquet('flows'))",
}


@dataclass(frozen=True, slots=True)
class Table:
    """``live``: the files of the newest version by absolute path, each with the columns that the log tells.
    ``refused``: why those are not known."""

    kind: str
    folder: str
    live: dict[str, tuple[Key, ...]] = field(default_factory=dict)
    refused: str = ""


class TableFolders:
    """The tables that were met, each read once."""

    def __init__(self) -> None:
        self._of: dict[str, Table | None] = {}

    def of(self, folder: str) -> Table | None:
        """The table that a folder (an absolute path) lies in, or is."""
        unknown: list[str] = []
        while folder not in self._of:
            unknown.append(folder)
            kind, above = _kind(folder), os.path.dirname(folder)
            if kind or above == folder:
                self._of[folder] = _read(kind, folder) if kind else None
            else:
                folder = above
        found = self._of[folder]
        self._of |= dict.fromkeys(unknown, found)
        return found

    def live_below(self, folder: str) -> Iterator[tuple[str, tuple[Key, ...]]]:
        """The files of all tables that are, or lie in, this folder."""
        for place, table in list(self._of.items()):
            if (
                table is not None
                and place == table.folder
                and os.path.join(place, "").startswith(os.path.join(folder, ""))
            ):
                yield from table.live.items()


def _kind(folder: str) -> str:
    for log, kind in _LOGS.items():
        if os.path.isdir(os.path.join(folder, log)):
            return kind
    with suppress(OSError):
        if is_of_iceberg(os.listdir(os.path.join(folder, "metadata"))):
            return "Iceberg"
    return ""


def kind_by_log(names: Collection[str]) -> str:
    """Whose table a folder with these in it is; empty for none that they tell."""
    return next((kind for log, kind in _LOGS.items() if log in names), "")


def is_of_iceberg(names: Iterable[str]) -> bool:
    """Whether these lie in the folder ``metadata`` of a table of Iceberg."""
    return any(_ICEBERG.fullmatch(name) for name in names)


def _read(kind: str, folder: str) -> Table:
    what = f"a table of {kind}: files of versions that are gone lie in it"
    if kind == "Delta":
        with suppress(ImportError):
            return _read_delta(import_module("deltalake"), folder)
    return Table(kind, folder, refused=f"{what}; {WAY_OUT[kind]}")


def _read_delta(deltalake: ModuleType, folder: str) -> Table:
    """What the newest version names."""
    try:
        table = deltalake.DeltaTable(folder)
        odd = _odd_features(table)
        if odd:
            why = f"a table of Delta with {odd}, which is not read; {_WRITE_OUT}"
            return Table("Delta", folder, refused=why)
        files = pa.table(table.get_add_actions(flatten=False)).to_pylist()
        live = dict(_live(folder, file["path"], file.get("partition") or {}) for file in files)
    except Exception as error:
        first = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        return Table("Delta", folder, refused=f"a table of Delta whose log cannot be read: {first}")
    return Table("Delta", folder, live)


def _odd_features(table: Any) -> str:
    """What the table has that a reader of its data files alone would get wrong."""
    protocol, configuration = table.protocol(), table.metadata().configuration
    odd = sorted(set(protocol.reader_features or ()) - _HARMLESS)
    mapping = configuration.get("delta.columnMapping.mode", "none")
    if protocol.min_reader_version == 2 and mapping != "none":
        odd.append("columnMapping")
    if protocol.min_reader_version > 3:
        odd.append(f"reader version {protocol.min_reader_version}")
    return ", ".join(odd)


def _live(folder: str, path: str, partition: dict[str, object]) -> tuple[str, tuple[Key, ...]]:
    """A file's place, written as a URI, and its partition's columns."""
    parts = urlsplit(path)
    place = unquote(parts.path if parts.scheme == "file" else path)
    keys = tuple((name, None if value is None else str(value).encode()) for name, value in partition.items())
    if "\0" in place:
        raise ValueError("it names a file that there cannot be")
    return os.path.abspath(os.path.join(folder, place)), keys
