"""The JSON files of a result, as the records that were written; none of them is taken for granted."""

from __future__ import annotations

import os
from typing import TypeVar

import msgspec

from flowcheck.results.records import SCHEMA
from flowcheck.results.records.decoding import MAX_JSON, UNREADABLE, decode, why
from flowcheck.results.records.findings import Finding
from flowcheck.runners.verifying.differences import Differences
from flowcheck.runners.verifying.folder import OpenedFile


class FindingsFile(msgspec.Struct, frozen=True, kw_only=True):
    """What stands in findings.json."""

    schema: int
    version: str
    findings: tuple[Finding, ...]


T = TypeVar("T")


def read_document(name: str, file: OpenedFile | None, type_: type[T], differences: Differences) -> T | None:
    """One file as its record; None where it is not there, too large, or something else."""
    if file is None:
        return None
    if file.size > MAX_JSON:
        differences.add(name, "content", f"up to {MAX_JSON} bytes", f"{file.size} bytes, which are not read")
        return None
    try:
        return decode(os.pread(file.descriptor, file.size, 0), type_)
    except (*UNREADABLE, OSError) as error:
        differences.add(name, "content", f"JSON of schema {SCHEMA}", why(error)[:300])
        return None
