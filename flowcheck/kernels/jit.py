"""The decorators of all kernels: what is compiled here runs without the GIL, never raises, and is cached.

A function keeps its type: to mypy a kernel is the Python function that it is compiled from.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import numba

from flowcheck.kernels.cached.cache import KernelCache
from flowcheck.kernels.cached.folder import DIRECTORY

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def expression(function: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """A name for an expression, which Numba writes out wherever it stands, so that loops are as without it.

    Left to LLVM to inline, whether told to or not, one loop took half as long again.
    """
    return numba.njit(nogil=True, error_model="numpy", inline="always")(function)


def inlined(function: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """Part of a loop, compiled into the kernels that call it: a call would cost more than its work."""
    return numba.njit(nogil=True, error_model="numpy", forceinline=True)(function)


def kernel(function: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """Compile a loop over arrays: no Python object inside, GIL released, integer division never raises."""
    compiled = numba.njit(nogil=True, error_model="numpy")(function)
    if DIRECTORY is not None and not os.environ.get("NUMBA_DISABLE_JIT"):
        compiled._cache = KernelCache(DIRECTORY, function)  # type: ignore[attr-defined] # as numba's own caching sets it
    return compiled
