"""The findings of a former result, by their fingerprints."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec

from flowcheck.errors import RunError
from flowcheck.opening import read_file
from flowcheck.results.records import SCHEMA
from flowcheck.results.records.decoding import MAX_JSON, UNREADABLE, decode, why
from flowcheck.results.records.findings import IGNORED
from flowcheck.results.records.manifest import Manifest

FINDINGS, MANIFEST = "findings.json", "manifest.json"
_FOLDER = "the baseline is the folder that an audit wrote with -o"


@dataclass(frozen=True, slots=True)
class Baseline:
    """``folder`` as it was named; ``fingerprints`` of what was found then and not ignored; ``sha256`` of its
    findings.json."""

    folder: str
    fingerprints: frozenset[str]
    sha256: str


class _Finding(msgspec.Struct, frozen=True):
    fingerprint: str
    suppressed: str = ""


class _File(msgspec.Struct, frozen=True):
    schema: int
    findings: tuple[_Finding, ...]


def read_baseline(folder: str | Path) -> Baseline:
    """The findings of a result folder; its findings.json alone will do, as of one that is kept beside code.

    What was ignored then is not known now: when its entry expires, it shows.

    **Raises**: RunError where it cannot be read, is of another schema, or not what its manifest lists.
    """
    place = Path(folder)
    data = _read(place / FINDINGS)
    sha256 = hashlib.sha256(data).hexdigest()
    if (place / MANIFEST).exists():
        manifest = _decode(_read(place / MANIFEST), Manifest, place / MANIFEST)
        if all((one.file, one.sha256) != (FINDINGS, sha256) for one in manifest.files):
            raise RunError(
                f"is not the {FINDINGS} that {MANIFEST} lists",
                where=str(place / FINDINGS),
                hint=f"flowcheck verify {folder} says what differs; audit anew to have a baseline",
            )
    found = _decode(data, _File, place / FINDINGS)
    if found.schema != SCHEMA:
        raise RunError(
            f"has schema {found.schema}, not {SCHEMA}",
            where=str(place / FINDINGS),
            hint="audit anew with this flowcheck to have a baseline",
        )
    known = frozenset(one.fingerprint for one in found.findings if one.suppressed != IGNORED)
    return Baseline(os.fspath(folder), known, sha256)


def refuse_own_output(baseline: str | Path, out: str | Path | None) -> None:
    """**Raises**: RunError where a run would overwrite what it is held against: all that it finds would be
    known to the next."""
    if out is not None and Path(baseline).resolve() == Path(out).resolve():
        raise RunError(
            "the baseline is the folder that the result goes to",
            where=str(out),
            hint="write to another folder, and make that the baseline once its findings are accepted",
        )


def _read(file: Path) -> bytes:
    try:
        return read_file(file, MAX_JSON)
    except OSError as error:
        said = error.strerror or type(error).__name__
        raise RunError(f"cannot read: {said}", where=str(file), hint=_FOLDER) from error


T = TypeVar("T")


def _decode(data: bytes, type_: type[T], file: Path) -> T:
    try:
        return decode(data, type_)
    except UNREADABLE as error:
        said = why(error)[:200]
        raise RunError(f"is not what an audit writes: {said}", where=str(file), hint=_FOLDER) from error
