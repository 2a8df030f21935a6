"""A store as Arrow opens it: one listing, one object, one upload at a time. Loaded only where a URI was
given.

**Raises**, from everything: OSError or pa.ArrowException as Arrow does; :mod:`flowcheck.stores.trouble` has
words for them.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from typing import Any

import pyarrow as pa
from pyarrow import fs

from flowcheck.errors import RunError
from flowcheck.stores.levels import Entry, Levels, Lister
from flowcheck.stores.uri import Access, Place, check_endpoint
from flowcheck.stores.waiting import alone

ERRORS = (OSError, pa.ArrowException, ValueError)
"""What Arrow raises where a store does not do what it is asked."""
ATTEMPTS = 5
"""Of each request, by Arrow itself, with a longer pause before each: about 10 s in all."""
CONNECT_TIMEOUT = 5.0
RETRY_FOR = timedelta(seconds=30)
THREADS = 32
"""Connections that a client of S3 may have open."""
_PIECE = 8 << 20
_NO_WORD = re.compile(r"AWS Error .{0,80} during GetObject operation: *(\(Request ID: [^)]{0,99}\))?$")
"""A refusal for which Arrow found no reason in the answer."""


class Object:
    """An object that was there when this was made. ``version``: what tells this one from what takes its
    place."""

    def __init__(self, system: fs.FileSystem, path: str) -> None:
        self._open = partial(system.open_input_file, path)
        self._file: pa.NativeFile = self._open()
        self.size = int(self._file.size())
        self.told: dict[str, bytes] = dict(self._file.metadata() or {})
        self.version = (self.size, tuple(sorted(self.told.items())))

    @property
    def modified(self) -> datetime | None:
        """To the second; None where the store does not tell."""
        try:
            told = self.told.get("Last-Modified") or self.told["updated"]  # Google's word
            found = datetime.fromisoformat(told.decode("ascii"))
        except (KeyError, ValueError):
            return None
        return found.astimezone(UTC).replace(microsecond=0) if found.tzinfo else None

    def read_at(self, n_bytes: int, at: int) -> bytes:
        """May be fewer, where the store cuts it short. Several threads may read at once."""
        try:
            return bytes(self._file.read_at(n_bytes, at))
        except OSError as error:
            if not _NO_WORD.search(str(error)):
                raise
        return self._read_cleared(n_bytes, at)

    def _read_cleared(self, n_bytes: int, at: int) -> bytes:
        """Into memory that holds nothing: S3's reason for a refusal is read from where the bytes would have
        come to lie, and is lost among what lay there before."""
        into = bytearray(n_bytes)
        with self._open() as file:
            file.seek(at)
            return bytes(memoryview(into)[: file.readinto(into)])


class Store:
    """What lies in one bucket, container or account."""

    def __init__(self, place: Place, access: Access) -> None:
        self.place = place
        self._system = alone(lambda: _system(place.scheme, place.account, _region(place, access), access))

    def look(self, path: str) -> Entry | None:
        """What a path names; None for nothing."""
        with self._why(path):
            return _entry(alone(lambda: self._system.get_file_info(path)))

    def level(self, path: str) -> list[Entry]:
        """What lies directly under a prefix, by name; nothing where there is none. What has an empty name, as
        ``a//b`` has below ``a``, has a path that ends with a slash."""
        return self.levels()(path)

    def levels(self) -> Lister:
        """As :meth:`level`, for one walk from a prefix down. Of Google's, Arrow lists objects and no
        prefixes: all below the first is listed at once."""
        if self.place.scheme != "gs":
            return self._level_of
        return Levels(partial(self._listed, recursive=True, allow_not_found=True)).of

    def _level_of(self, path: str) -> list[Entry]:
        """What has an empty name, Arrow calls by the name of the prefix itself."""
        try:
            entries = self._listed(path)
        except FileNotFoundError:
            return []
        inside = f"{path}/"
        return sorted(e if e.path.startswith(inside) else e._replace(path=inside) for e in entries)

    def _listed(self, path: str, **how: bool) -> list[Entry]:
        found = alone(lambda: self._system.get_file_info(fs.FileSelector(path, **how)))
        return [entry for info in found if (entry := _entry(info)) is not None]

    def open(self, path: str) -> Object:
        with self._why(path):
            return Object(self._system, path)

    def put(self, content: Any, path: str) -> None:
        """The whole of a file that is open for reading. Nothing has the name until all bytes are there."""
        with self._system.open_output_stream(path) as out:
            while piece := content.read(_PIECE):
                out.write(piece)

    @contextmanager
    def _why(self, path: str) -> Iterator[None]:
        """What is asked of one object is answered without a word why it is refused: a listing tells."""
        try:
            yield
        except OSError as error:
            if not isinstance(error, FileNotFoundError) and "NETWORK_CONNECTION" not in str(error):
                self.level(path)
            raise


def store_at(place: Place, access: Access) -> Store:
    """One of each, as they hold connections open, for all places with the same root."""
    return _store(place._replace(key=""), as_told(place.scheme, access))


@cache
def _store(place: Place, access: Access) -> Store:
    return Store(place, access)


def _entry(info: fs.FileInfo) -> Entry | None:
    if info.type == fs.FileType.NotFound:
        return None
    if info.type != fs.FileType.File:
        return Entry(info.path, True)
    return Entry(info.path, False, int(info.size or 0), int(info.mtime_ns or 0))


def _region(place: Place, access: Access) -> str | None:
    """Asked of S3 itself where nobody tells."""
    if access.region or place.scheme != "s3" or access.endpoint:
        return access.region or ("us-east-1" if access.endpoint else None)
    return str(fs.resolve_s3_region(place.root))


def as_told(scheme: str, access: Access) -> Access:
    """With the region and the endpoint that AWS's own tools take from the environment; Arrow does not look
    for the latter.

    **Raises**: RunError for one with a password."""
    if scheme != "s3":
        return access
    region = access.region or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or ""
    told = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    access = access._replace(region=region)
    if access.endpoint or not told:
        return access
    try:
        return access._replace(endpoint=check_endpoint(told))
    except ValueError as error:
        raise RunError(str(error), where="AWS_ENDPOINT_URL") from None


@cache
def _system(scheme: str, account: str, region: str | None, access: Access) -> fs.FileSystem:
    protocol, _, host = access.endpoint.rpartition("://")
    if scheme == "s3":
        return _s3(region, access, protocol, host)
    if scheme == "gs":
        return fs.GcsFileSystem(
            anonymous=access.anonymous,
            scheme=protocol or "https",
            endpoint_override=host or None,
            retry_time_limit=RETRY_FOR,
        )
    name = account.partition(".")[0]
    if access.anonymous:
        raise RunError("Azure is not read anonymously", hint="leave out --anonymous")
    more = {"blob_storage_authority": host, "dfs_storage_authority": host} if host else {}
    schemes = {"blob_storage_scheme": protocol, "dfs_storage_scheme": protocol} if protocol else {}
    return fs.AzureFileSystem(name, **_azure_key(), **more, **schemes)


def _azure_key() -> dict[str, str]:
    """The keys that Azure's tools take from the environment, which its library for C++ does not look for."""
    names = {"AZURE_STORAGE_KEY": "account_key", "AZURE_STORAGE_SAS_TOKEN": "sas_token"}
    return dict([(name, os.environ[key]) for key, name in names.items() if os.environ.get(key)][:1])


def _s3(region: str | None, access: Access, protocol: str, host: str) -> fs.FileSystem:
    pa.set_io_thread_count(max(pa.io_thread_count(), THREADS))
    return fs.S3FileSystem(
        anonymous=access.anonymous,
        region=region,
        scheme=protocol or "https",
        endpoint_override=host or None,
        connect_timeout=CONNECT_TIMEOUT,
        retry_strategy=fs.AwsStandardS3RetryStrategy(max_attempts=ATTEMPTS),
        allow_delayed_open=True,
        background_writes=False,
    )
