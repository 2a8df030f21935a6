"""The cache of compiled kernels on disk: it can only make things faster, and runs nothing that is not ours.

Loading a cached kernel runs whatever code stands in the cache, so the folder and each file in it must be ours
alone: created 0700 and 0600, refused when another user owns it or may write to it. Every entry carries its
SHA-256; an entry that is refused, does not match, or does not load, is compiled afresh. FLOWCHECK_CACHE_DIR
moves the folder; FLOWCHECK_NO_CACHE=1 turns it off. NUMBA_CACHE_DIR is not honoured: it may be shared. One
that cannot be written to, as in an image with a read-only root, is read all the same.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import signal
import stat
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

import numba
from numba.core import caching
from numba.core.runtime.nrt import rtsys

from flowcheck.signals import ENDING
from flowcheck.version import PACKAGE, __version__


def cache_directory() -> Path | None:
    """The folder for compiled kernels and programs, created if need be; None where none is safe to use."""
    if os.environ.get("FLOWCHECK_NO_CACHE"):
        return None
    chosen = os.environ.get("FLOWCHECK_CACHE_DIR")
    base = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()
    return safe_directory(
        Path(chosen) if chosen else base / "flowcheck" / f"{__version__}-numba{numba.__version__}"
    )


def safe_directory(directory: Path) -> Path | None:
    """The same, created if need be; None where it is not only ours to write to."""
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = directory.lstat()
    except OSError as error:
        warnings.warn(f"no kernel cache: {directory}: {error.strerror}", stacklevel=2)
        return None
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid() or status.st_mode & 0o022:
        warnings.warn(
            f"no kernel cache: {directory} is not a folder that only you can write to", stacklevel=2
        )
        return None
    return directory


def is_read_only(directory: Path) -> bool:
    return not os.access(directory, os.W_OK)


def open_own(path: str | Path) -> BinaryIO:
    """Open a file for reading that only this user may write to, and whose folder is likewise: both as they
    are when they are opened, so that nothing can take their place in between.

    **Raises**: ValueError where it is not so; OSError."""
    folder = os.open(os.path.dirname(path), os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        _refuse_foreign(folder, stat.S_ISDIR)
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        file = os.fdopen(os.open(os.path.basename(path), flags, dir_fd=folder), "rb")
    finally:
        os.close(folder)
    try:
        _refuse_foreign(file.fileno(), stat.S_ISREG)
    except ValueError:
        file.close()
        raise
    return file


def _refuse_foreign(descriptor: int, is_kind: Callable[[int], bool]) -> None:
    status = os.fstat(descriptor)
    if not is_kind(status.st_mode) or status.st_uid != os.geteuid() or status.st_mode & 0o022:
        raise ValueError("not only this user's to write to")


def is_cold() -> bool:
    """Whether no kernel has been compiled into the cache yet."""
    folder = cache_directory()
    return folder is None or not any(folder.rglob("*.nbc"))


DIRECTORY = cache_directory()
"""The folder of this process."""


class _Locator(caching._CacheLocator):
    """Keeps the entries of all kernels in the one safe folder; any change to a kernel's source makes them
    stale."""

    def __init__(self, py_func: Callable[..., Any]) -> None:
        self._line = py_func.__code__.co_firstlineno

    def get_cache_path(self) -> str:
        return str(DIRECTORY)

    def get_source_stamp(self) -> str:
        return source_stamp()

    def get_disambiguator(self) -> str:
        return str(self._line)

    @classmethod
    def from_function(cls, py_func: Callable[..., Any], py_file: str) -> _Locator:
        return cls(py_func)


@cache
def source_stamp() -> str:
    """The SHA-256 of every file that compiled code is made from: kernels inline one another, and what stands
    in arrays.py is a constant to them."""
    digest = hashlib.sha256()
    for source in (PACKAGE / "arrays.py", *sorted((PACKAGE / "kernels").rglob("*.py"))):
        digest.update(source.read_bytes())
    return digest.hexdigest()


class _CacheImpl(caching.CompileResultCacheImpl):
    _locator_classes: list[Any] = [_Locator]  # noqa: RUF012 - numba's own attribute, read once


class _CheckedFiles(caching.IndexDataCacheFile):
    """Numba's cache files, each preceded by the SHA-256 of the rest."""

    def _load_index(self) -> Any:
        try:
            with open_own(self._index_path) as file:
                stored_stamp, overloads = pickle.loads(_checked(file.read()))
        except (FileNotFoundError, AttributeError):  # none, or of a source with types that are gone
            return {}
        return overloads if stored_stamp == self._stamp() else {}

    def _save_index(self, overloads: Any) -> None:
        self._write(self._index_path, (self._stamp(), overloads))

    def _load_data(self, name: str) -> Any:
        with open_own(self._data_path(name)) as file:
            return pickle.loads(_checked(file.read()))

    def _save_data(self, name: str, data: Any) -> None:
        self._write(self._data_path(name), data)

    def _write(self, path: str, value: Any) -> None:
        body = self._dump(value)
        with self._open_for_write(path) as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(hashlib.sha256(body).digest() + body)

    def _stamp(self) -> tuple[Any, Any]:
        return self._version, self._source_stamp


def _checked(content: bytes) -> bytes:
    digest, body = content[:32], content[32:]
    if hashlib.sha256(body).digest() != digest:
        raise ValueError("checksum")
    return body


class KernelCache(caching.FunctionCache):
    """The cache of one kernel: whatever goes wrong with it, the kernel is compiled."""

    _impl_class = _CacheImpl

    def __init__(self, py_func: Callable[..., Any]) -> None:
        super().__init__(py_func)
        self._cache_file = _CheckedFiles(
            cache_path=self._cache_path,
            filename_base=self._impl.filename_base,
            source_stamp=source_stamp(),
        )

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Without what Numba does first, and compiling does anyway: to import all that it can compile, which
        took half of the time of loading what a worker needs."""
        try:
            with _signals_held():
                rtsys.initialize(target_context)
                return self._load_overload(sig, target_context)
        except Exception:  # whatever a damaged entry raises, the remedy is the same
            warnings.warn("a damaged kernel cache entry was compiled afresh", stacklevel=2)
            with suppress(OSError):
                self.flush()
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        if is_read_only(Path(self._cache_path)):
            warnings.warn(
                "kernels are compiled that the cache, which is read-only, does not hold: run flowcheck "
                "warmup where it can be written to, on a processor of this kind",
                stacklevel=2,
            )
            return
        try:
            super().save_overload(sig, data)
        except Exception as error:
            warnings.warn(f"a compiled kernel could not be cached: {error!r}", stacklevel=2)


@contextmanager
def _signals_held() -> Iterator[None]:
    """Let signals that end a run wait while cached code is put in place.

    LLVM asks for cached code through a ctypes callback, where the exception of a signal handler is dropped:
    the code is then missing, and calling it ends the process with SIGSEGV.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    handlers = {number: signal.getsignal(number) for number in ENDING}
    others = signal.SIG_IGN, None  # None: not Python's to hold
    ours = {number: handler for number, handler in handlers.items() if handler not in others}
    for held in ours:
        signal.signal(held, lambda number, _frame: came.append(number))
    try:
        yield
    finally:
        for held, handler in ours.items():
            signal.signal(held, handler)
        for waiting in came:
            signal.raise_signal(waiting)
