"""What stands in summary.json of findings that are known from a former result, or ignored."""

from __future__ import annotations

import msgspec


class Ignoring(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One entry of the ignore file. ``at``: its file:line. ``expires``: the last day, as 2026-12-31, on which
    it hides what it matches; empty: it has none. ``findings`` and ``records`` are what it matches, whether or
    not it has ``expired``."""

    at: str
    reason: str
    owner: str
    expires: str = ""
    expired: bool = False
    findings: int = 0
    records: int = 0


class Gate(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Findings by what they are held against; those of ``new`` alone make the exit code 1.

    ``new``: neither known nor ignored, with those that are not listed; ``known``: in the ``baseline`` too;
    ``ignored``: by an entry of the ``ignore_file``, known or not. ``gone``: of the baseline, and not found
    any more; None where some findings are not listed, which may be these. ``..._sha256``: of the file that
    was read.
    """

    new: int
    new_records: int
    known: int = 0
    known_records: int = 0
    ignored: int = 0
    ignored_records: int = 0
    gone: int | None = 0
    baseline: str = ""
    baseline_sha256: str = ""
    ignore_file: str = ""
    ignore_sha256: str = ""
    entries: tuple[Ignoring, ...] = ()
