"""What names an object or a prefix: ``s3://bucket/key``, ``gs://bucket/key``,
``abfs://container@account.dfs.core.windows.net/key``.

A key is taken as it stands, nothing of it is decoded. Whatever is refused is not repeated: it may hold a
secret.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from typing import NamedTuple

from flowcheck.errors import RunError

_URI = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<authority>[^/]*)(?:/(?P<key>.*))?", re.DOTALL)
_ENDPOINT = re.compile(
    r"(?:(?P<scheme>https?)://)?(?P<host>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:]+\])(?::\d{1,5})?/?"
)
_SIGNED = re.compile(r"[?&](x-amz-|x-goog-|sig=|sv=|awsaccesskeyid=)", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_AZURE = ("abfs", "abfss")
SCHEMES = ("s3", "gs", *_AZURE)
_ALSO = {"s3a": "s3", "s3n": "s3", "gcs": "gs", "az": "abfs", "wasb": "abfs", "wasbs": "abfs"}
_SECRETS = (
    "leave credentials out of it: they are found where the cloud's own tools find them (docs/stores.md)"
)


class Access(NamedTuple):
    """How a store is reached. Empty: as its SDK finds out. ``anonymous``: nothing is signed."""

    endpoint: str = ""
    region: str = ""
    anonymous: bool = False


AS_FOUND = Access()


class Place(NamedTuple):
    """A URI taken apart. ``root``: bucket or container; ``account``: of Azure, with its domain."""

    scheme: str
    root: str
    key: str
    account: str = ""

    @property
    def path(self) -> str:
        """As Arrow has it; without a slash at its end."""
        return f"{self.root}/{self.key}".rstrip("/")

    def uri(self, path: str) -> str:
        """Of something else in the same store, by its path."""
        root, _, key = path.partition("/")
        return f"{self.scheme}://{f'{root}@{self.account}' if self.account else root}/{key}"


@dataclass(frozen=True, slots=True)
class StorePath(os.PathLike[str]):
    """What is named in a store, and how that is reached. As text it is the URI."""

    uri: str
    access: Access = AS_FOUND
    place: Place = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "place", place_of(self.uri))

    def __truediv__(self, name: str) -> StorePath:
        return StorePath(f"{self.uri.rstrip('/')}/{name}", self.access)

    def __fspath__(self) -> str:
        return self.uri

    def __str__(self) -> str:
        return self.uri


def is_uri(path: str | os.PathLike[str]) -> bool:
    """Whether it names something in a store, of whatever kind; a folder may be called ``s3:`` too."""
    return isinstance(path, StorePath) or (isinstance(path, str) and _URI.match(path) is not None)


def store_path(path: str | os.PathLike[str], access: Access = AS_FOUND) -> StorePath:
    """**Raises**: RunError for a URI that names nothing."""
    return path if isinstance(path, StorePath) else StorePath(os.fspath(path), access)


def place_of(uri: str) -> Place:
    """**Raises**: RunError, which repeats no part of it that could be secret."""
    found = _URI.fullmatch(uri)
    scheme = found["scheme"].lower() if found else ""
    if found is None or scheme not in SCHEMES:
        known = ", ".join(f"{one}://" for one in ("s3", "gs", "abfs"))
        also = _ALSO.get(scheme)
        raise RunError(
            f"{scheme or uri[:20]}:// is no object store that is read",
            hint=f"write {also}://" if also else f"there are {known}",
        )
    authority, key = found["authority"], found["key"] or ""
    owner, at, account = authority.rpartition("@")
    azure = scheme in _AZURE
    if ":" in authority or (at and not azure) or "@" in owner or _SIGNED.search(uri):
        raise RunError(f"a {scheme}:// address with a user, a password, a signature or a port", hint=_SECRETS)
    if azure and not (owner and account):
        raise RunError(
            f"{scheme}:// names no container of an account",
            hint="write abfs://CONTAINER@ACCOUNT.dfs.core.windows.net/PATH",
        )
    root = owner if azure else authority
    if not root or _CONTROL.search(uri):
        what = "names no bucket" if not root else "has a control character in it"
        raise RunError(f"a {scheme}:// address {what}", hint=f"write {scheme}://BUCKET/PREFIX")
    if any(part in ("", ".", "..") for part in key.rstrip("/").split("/")) and key.rstrip("/"):
        raise RunError(
            f"a {scheme}:// address has an empty part, . or .. in its key",
            hint="such keys reach a store as others than they are; copy what has one to another",
        )
    return Place(scheme, root, key, account if azure else "")


def odd_key(name: str) -> str:
    """Why a name that a listing tells is not read; empty for most."""
    if _CONTROL.search(name):
        return "its key has a control character in it"
    odd = name in ("", ".", "..")
    return "its key has an empty part, . or .. in it, which reaches a store as another" if odd else ""


def check_endpoint(text: str) -> str:
    """The same, if it is a host with or without a scheme and a port.

    **Raises**: ValueError, which does not repeat it."""
    if text and not _ENDPOINT.fullmatch(text):
        raise ValueError(f"no host that a store could be at, such as https://minio.example:9000; {_SECRETS}")
    return text.rstrip("/")


def name_of(path: str) -> str:
    return path.rpartition("/")[2]
