"""What stands in ledger.json: every file and every row accounted for."""

from __future__ import annotations

import msgspec


class Rejected(msgspec.Struct, frozen=True, kw_only=True):
    """Rows that could not be judged for one reason, with the first ten of their positions."""

    reason: str
    rows: int
    first_rows: tuple[int, ...]


class FileEntry(msgspec.Struct, frozen=True, kw_only=True):
    """What happened to one input file.

    ``status``: judged, failed or skipped. ``rows_declared`` is None where the footer could not be read.
    A judged file: rows_declared = judged + unknown + rejected + filtered.
    """

    file: str
    status: str
    bytes: int
    reason: str = ""
    detail: str = ""
    rows_declared: int | None = None
    rows_judged: int = 0
    rows_unknown: int = 0
    rows_rejected: int = 0
    rows_filtered: int = 0
    rejected: tuple[Rejected, ...] = ()
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


class Ledger(msgspec.Struct, frozen=True, kw_only=True):
    """Every file and every row accounted for. The run itself checks the sums (a mismatch is a bug)."""

    schema: int
    version: str
    program: str
    cluster_inputs: dict[str, str]
    totals: Totals
    files: tuple[FileEntry, ...]
