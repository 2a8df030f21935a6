"""The inputs of an audit, read again: each must have the size and the hash that the ledger has of it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import NamedTuple

from flowcheck.flows.files.hashes import sha256_of_open
from flowcheck.manifests.files.paths import STDIN
from flowcheck.opening import open_file
from flowcheck.results.records.ledger import Ledger
from flowcheck.results.records.verification import InputsAgain
from flowcheck.runners.verifying.differences import Differences
from flowcheck.stores.uri import is_uri

_ESCAPED = re.compile(r"\\(?:x|udc)([89a-f][0-9a-f])")
"""How a byte stands in a name that is not UTF-8."""


class Recorded(NamedTuple):
    """An input as the ledger has it; ``size`` is None for a file of the cluster."""

    name: str
    sha256: str
    size: int | None


def check_inputs(ledger: Ledger, differences: Differences) -> InputsAgain:
    """Hash every input that a hash was recorded of, but for what lies in stores: to fetch it takes whoever
    may."""
    files = n_bytes = 0
    recorded = list(_recorded(ledger))
    for one in (one for one in recorded if not is_uri(one.name)):
        size = _check(one, differences)
        files += 1
        n_bytes += size
    unknown = [entry.file for entry in ledger.files if entry.status != "skipped" and entry.sha256 is None]
    unknown += [STDIN] if STDIN in ledger.cluster_inputs else []
    unknown += [one.name for one in recorded if is_uri(one.name)]
    return InputsAgain(files=files, bytes=n_bytes, not_checked=tuple(unknown))


def _recorded(ledger: Ledger) -> Iterator[Recorded]:
    for entry in ledger.files:
        if entry.sha256 is not None:
            yield Recorded(entry.file, entry.sha256, entry.bytes)
    for name, sha256 in ledger.cluster_inputs.items():
        if name != STDIN:
            yield Recorded(name, sha256, None)


def _check(one: Recorded, differences: Differences) -> int:
    """Hold one input against its record; its bytes, as far as they were read. What has another size is
    another file, and is not read."""
    try:
        descriptor = open_file(_path_of(one.name))
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "not a file name"
        differences.add(one.name, "input", "a file", f"cannot be read: {why}")
        return 0
    try:
        size = os.fstat(descriptor).st_size
        if one.size not in (None, size):
            differences.add(one.name, "bytes of the input", one.size, size)
            return 0
        found = sha256_of_open(descriptor, size, lambda: False)
        differences.expect(one.name, "SHA-256 of the input", one.sha256, found)
        return size
    except OSError as error:
        differences.add(one.name, "input", "a file", f"cannot be read: {error.strerror}")
        return 0
    finally:
        os.close(descriptor)


def _path_of(name: str) -> bytes:
    """A name is its path, but that bytes which are not UTF-8 are escaped in it."""
    plain = os.fsencode(name)
    if os.path.lexists(plain):
        return plain
    return os.fsencode(_ESCAPED.sub(lambda found: chr(0xDC00 + int(found[1], 16)), name))
