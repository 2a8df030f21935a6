"""The JSON files of a result, as the records that were written; none of them is taken for granted."""

from __future__ import annotations

import os
import re
from typing import TypeVar

import msgspec

from flowcheck.results.records import SCHEMA
from flowcheck.results.records.findings import Finding
from flowcheck.runners.verifying.differences import Differences
from flowcheck.runners.verifying.folder import OpenedFile

MAX_JSON = 256 << 20
"""Bytes of one file: half a million findings."""
_HALF_PAIRS = re.compile(
    rb"\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
)
"""A name that is not UTF-8 is written with half a surrogate pair, which msgspec refuses: it becomes the text
of its escape, as names in findings have it."""


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
        data = os.pread(file.descriptor, file.size, 0)
        if b"\\ud" in data or b"\\uD" in data:
            data = _HALF_PAIRS.sub(_as_text, data)
        return msgspec.json.decode(data, type=type_)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, OSError) as error:
        said = str(error).splitlines()[0] if str(error) else type(error).__name__
        differences.add(name, "content", f"JSON of schema {SCHEMA}", said[:300])
        return None


def _as_text(match: re.Match[bytes]) -> bytes:
    return b"\\" + match[1] if match[1] else match[0]
