"""What stands in manifest.json: the files of a result, as they were written."""

from __future__ import annotations

import msgspec


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """One file by its name in the folder, its size, and the SHA-256 of its bytes."""

    file: str
    bytes: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """Every file of a result but this one, sorted by name. It says nothing that the bytes of those do not, so
    that equal files have equal manifests. ``schema`` is that of the JSON files, ``version`` flowcheck's."""

    schema: int
    version: str
    files: tuple[Written, ...]
