"""The files of a result, held against its manifest byte for byte."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event

from flowcheck.flows.files.finding import MANIFEST, RESULTS
from flowcheck.flows.files.hashes import sha256_of_open
from flowcheck.results.records.manifest import Manifest
from flowcheck.runners.verifying.differences import Differences
from flowcheck.runners.verifying.folder import OpenedFile

CUT_SHORT = "cut short while it was read"


class FileHashes:
    """Those of open files, by threads, which start at once. Use as a context manager: leaving it stops what
    is under way."""

    def __init__(self, files: Mapping[str, OpenedFile]) -> None:
        self._stop = Event()
        self._threads = ThreadPoolExecutor(2)
        # The largest first: it is what the others would wait for.
        ordered = sorted(files.items(), key=lambda one: -one[1].size)
        self._found = {name: self._threads.submit(_hash, file, self._stop.is_set) for name, file in ordered}

    def __enter__(self) -> FileHashes:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._threads.shutdown(cancel_futures=True)

    def __getitem__(self, name: str) -> Future[str]:
        return self._found[name]


def _hash(file: OpenedFile, stop: Callable[[], bool]) -> str:
    try:
        return sha256_of_open(file.descriptor, file.size, stop) or CUT_SHORT
    except OSError as error:
        return f"cannot be read: {error.strerror}"


def check_hashes(
    manifest: Manifest, files: Mapping[str, OpenedFile], hashes: FileHashes, differences: Differences
) -> None:
    """Every file is listed once, with its size and hash, and nothing else is."""
    listed = Counter(one.file for one in manifest.files)
    for name in sorted({*listed, *RESULTS}):
        differences.expect(MANIFEST, f"entries for {name}", int(name in RESULTS), listed[name])
    for one in manifest.files:
        if one.file in files and one.file != MANIFEST:
            differences.expect(one.file, "bytes", one.bytes, files[one.file].size)
            differences.expect(one.file, "SHA-256", one.sha256, hashes[one.file].result())
