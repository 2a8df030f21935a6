"""The cache of compiled kernels on disk: it can only make things faster, and runs nothing that is not ours.

A file a kernel and signature, in a folder that only this user may write to: the SHA-256 of the rest, then a
record (:mod:`flowcheck.kernels.cached.compiled`). One that is refused, does not match, or does not load, is
compiled afresh.
"""

from __future__ import annotations

import hashlib
import os
import signal
import sys
import tempfile
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from numba.core import caching, sigutils
from numba.core.runtime.nrt import rtsys

from flowcheck.kernels.cached.compiled import Compiled, compiled, rebuilt
from flowcheck.kernels.cached.folder import KERNEL, is_read_only, open_own
from flowcheck.signals import ENDING
from flowcheck.version import PACKAGE


@cache
def source_stamp() -> str:
    """The SHA-256 of every file that compiled code is made from: kernels inline one another, and what stands
    in arrays.py is a constant to them."""
    digest = hashlib.sha256()
    for source in (PACKAGE / "arrays.py", *sorted((PACKAGE / "kernels").rglob("*.py"))):
        digest.update(source.read_bytes())
    return digest.hexdigest()


class KernelCache(caching._Cache):
    """The cache of one kernel: whatever goes wrong with it, the kernel is compiled."""

    def __init__(self, directory: Path, function: Callable[..., Any]) -> None:
        self._directory = directory
        self._kernel = f"{function.__module__}.{function.__name__}-{function.__code__.co_firstlineno}"

    @property
    def cache_path(self) -> str:
        return str(self._directory)

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Without what Numba does first, and compiling does anyway: to import all that it can compile, which
        took half of the time of loading what a worker needs."""
        arguments, _ = sigutils.normalize_signature(sig)
        try:
            with open_own(self._path(arguments, target_context)) as file:
                one = msgspec.msgpack.decode(_checked(file.read()), type=Compiled)
            with _signals_held():
                rtsys.initialize(target_context)
                return rebuilt(one, tuple(arguments), target_context)
        except FileNotFoundError:
            return None
        except Exception:  # whatever a damaged entry raises, the remedy is the same
            warnings.warn("a damaged kernel cache entry was compiled afresh", stacklevel=2)
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        if is_read_only(self._directory):
            warnings.warn(
                "kernels are compiled that the cache, which is read-only, does not hold: run flowcheck "
                "warmup where it can be written to, on a processor of this kind",
                stacklevel=2,
            )
            return
        try:
            body = msgspec.msgpack.encode(compiled(data))
            path = self._path(sigutils.normalize_signature(sig)[0], data.target_context)
            self._remove_stale()
            _write(path, hashlib.sha256(body).digest() + body)
        except Exception as error:
            warnings.warn(f"a compiled kernel could not be cached: {error!r}", stacklevel=2)

    def enable(self) -> None:
        """It always is."""

    def disable(self) -> None:
        """Not used: a kernel that is not to be cached has no such cache."""

    def flush(self) -> None:
        """Not used: an entry that does not load is written anew."""

    def _path(self, arguments: Any, target: Any) -> Path:
        made_for = f"{sys.version}\0{target.codegen().magic_tuple()}\0{arguments}"
        digest = hashlib.sha256(made_for.encode()).hexdigest()[:32]
        return self._directory / f"{self._kernel}.{_stamp()}.{digest}{KERNEL}"

    def _remove_stale(self) -> None:
        """What this kernel was in older source."""
        for path in self._directory.glob(f"{self._kernel}.*{KERNEL}"):
            if _stamp() not in path.name:
                with suppress(OSError):
                    path.unlink()


def _stamp() -> str:
    return source_stamp()[:16]


def _checked(content: bytes) -> bytes:
    digest, body = content[:32], content[32:]
    if hashlib.sha256(body).digest() != digest:
        raise ValueError("checksum")
    return body


def _write(path: Path, content: bytes) -> None:
    """Whole, or not at all; 0600, as temporary files are."""
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as file:
        try:
            file.write(content)
            file.flush()
            os.replace(file.name, path)
        except BaseException:
            os.unlink(file.name)
            raise


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
