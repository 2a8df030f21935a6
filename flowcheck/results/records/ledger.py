"""What stands in ledger.json: every file and every row accounted for."""

from __future__ import annotations

import msgspec


class Rejected(msgspec.Struct, frozen=True, kw_only=True):
    """Rows that could not be judged for one reason, with the first ten of their positions."""

    reason: str
    rows: int
    first_rows: tuple[int, ...]


class LeftOut(msgspec.Struct, frozen=True, kw_only=True):
    """Records of a log that are no flows, for one reason."""

    reason: str
    rows: int


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """How a Parquet file is written: by whom, as that says of itself, and in which version of the format.

    ``checksums``: all, some or none of its ``pages`` have one; a bit that flipped in a page without may pass
    unseen. ``padding``: bytes of zeros that the file names nowhere.
    """

    writer: str
    version: int
    pages: int
    checksums: str
    padding: int


class FileEntry(msgspec.Struct, frozen=True, kw_only=True):
    """What happened to one input file.

    ``status``: judged, failed or skipped. ``format``: what it was read as, and why. ``rows_declared`` is None
    where the footer could not be read; of a log they are its records. A judged file: rows_declared = judged +
    unknown + rejected + filtered + merged + left_out. ``rows_merged`` tell of connections that other rows
    stand for; ``left_out`` are no flows. ``rows_pruned``
    are those of ``rows_filtered`` that were not read: they lie in row groups without a row of the asked
    time. ``stored`` is None of what is not Parquet. ``lacks`` are the canonical columns that it has not and
    another file of the run has. ``sha256``: of the file's bytes, None where they cannot be had again
    (standard input, rows in memory), and of what was judged without an output folder.
    """

    file: str
    status: str
    bytes: int
    reason: str = ""
    detail: str = ""
    format: str = "canonical"
    format_because: str = ""
    rows_declared: int | None = None
    rows_judged: int = 0
    rows_unknown: int = 0
    rows_rejected: int = 0
    rows_filtered: int = 0
    rows_merged: int = 0
    rows_left_out: int = 0
    row_groups_pruned: int = 0
    rows_pruned: int = 0
    left_out: tuple[LeftOut, ...] = ()
    rejected: tuple[Rejected, ...] = ()
    stored: Stored | None = None
    lacks: tuple[str, ...] = ()
    sha256: str | None = None
    warnings: tuple[str, ...] = ()


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """Rows and files of a whole run. ``filtered`` rows lay outside --since, --until or --namespace."""

    files_seen: int
    files_judged: int
    files_failed: int
    files_skipped: int
    rows_declared: int
    rows_judged: int
    rows_unknown: int
    rows_rejected: int
    rows_filtered: int
    rows_in_failed_files: int
    rows_merged: int = 0
    rows_left_out: int = 0
    row_groups_pruned: int = 0
    rows_pruned: int = 0

    @property
    def rows_asked_for(self) -> int:
        """Those that are flows of their own, and were not filtered out."""
        return self.rows_declared - self.rows_filtered - self.rows_merged - self.rows_left_out


class LeftUnread(msgspec.Struct, frozen=True, kw_only=True):
    """Folders and files that were not opened, and are not among the files seen, as nothing of the asked time
    can be in them; of a folder, what lies in it was not even listed."""

    reason: str
    folders: int
    files: int


class Ledger(msgspec.Struct, frozen=True, kw_only=True):
    """Every file and every row accounted for. The run itself checks the sums (a mismatch is a bug).
    ``pruned``: what --since and --until left out unread."""

    schema: int
    version: str
    program: str
    cluster_inputs: dict[str, str]
    totals: Totals
    files: tuple[FileEntry, ...]
    pruned: tuple[LeftUnread, ...] = ()
