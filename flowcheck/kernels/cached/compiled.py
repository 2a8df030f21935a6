"""What Numba compiled, as a record: machine code, and what is needed to call it.

Numba would write it as a pickle, which runs whatever it names. Here it is typed: the record can say no more
than that a function of these arguments returns numbers, arrays, or tuples of them.
"""

from __future__ import annotations

import importlib
from typing import Any, Literal

import msgspec
import numpy as np
from numba.core import types
from numba.core.compiler import CompileResult
from numba.core.environment import Environment, lookup_environment
from numba.core.funcdesc import PythonFunctionDescriptor
from numba.core.typing.templates import signature

_SCALARS = {str(one): one for one in (types.none, types.boolean, *types.integer_domain, *types.real_domain)}


class OfArray(msgspec.Struct, tag="array", frozen=True):
    dtype: str
    ndim: int
    layout: Literal["C", "F", "CS", "FS", "A"]


class OfTuple(msgspec.Struct, tag="tuple", frozen=True):
    items: tuple[str | OfArray | OfTuple, ...]


Returned = str | OfArray | OfTuple
"""A type: a scalar's name, an array or a tuple."""


class Surroundings(msgspec.Struct, frozen=True):
    """What compiled code refers to by name: a module, and the element types of arrays that it returns."""

    name: str
    module: str
    dtypes: tuple[str, ...]


class Compiled(msgspec.Struct, frozen=True):
    """One function of one signature. ``code``: an object file; ``bitcode``: for kernels that call it."""

    library: str
    code: bytes
    bitcode: bytes
    module: str
    function: str
    unique_name: str
    arguments: tuple[str, ...]
    returned: Returned
    tags: tuple[str, ...]
    number: int
    inline: bool
    noalias: bool
    surroundings: tuple[Surroundings, ...]
    """Its own first."""


def compiled(result: Any) -> Compiled:
    """The record of Numba's CompileResult.

    **Raises**: ValueError where it is something that a record cannot say."""
    (library, _, (code, bitcode)), described, own, _, *other_kinds, _, reload, others = result._reduce()
    if any(other_kinds) or reload:
        raise ValueError("not a plain loop")
    return Compiled(
        library=library,
        code=code,
        bitcode=bitcode,
        module=described.modname,
        function=described.qualname,
        unique_name=described.unique_name,
        arguments=described.args,
        returned=_told(described.restype),
        tags=tuple(described.abi_tags),
        number=described.uid,
        inline=described.inline,
        noalias=described.noalias,
        surroundings=tuple(map(_surroundings, (own, *others))),
    )


def rebuilt(one: Compiled, arguments: tuple[types.Type, ...], target: Any) -> Any:
    """The CompileResult that it was, of the target context, for arguments of these types.

    **Raises**: whatever Numba and LLVM raise of what was not written by :func:`compiled`."""
    returned = _meant(one.returned)
    described = PythonFunctionDescriptor(
        native=True,
        modname=one.module,
        qualname=one.function,
        unique_name=one.unique_name,
        doc="",
        typemap=None,
        restype=returned,
        calltypes=None,
        args=one.arguments,
        kws=(),
        argtypes=arguments,
        inline=one.inline,
        noalias=one.noalias,
        abi_tags=one.tags,
        uid=one.number,
    )
    library = one.library, "object", (one.code, one.bitcode)
    own, *others = map(_environment, one.surroundings)
    called = signature(returned, *arguments)
    return CompileResult._rebuild(target, library, described, own, called, False, (), "", [], others)


def _told(type_: Any) -> Returned:
    told: Returned = str(type_)
    if isinstance(type_, types.Array):
        told = OfArray(str(type_.dtype), type_.ndim, type_.layout)
    elif isinstance(type_, types.Tuple | types.UniTuple):
        told = OfTuple(tuple(_told(one) for one in type_))
    if _meant(told) != type_:
        raise ValueError(f"{type_} cannot be told")
    return told


def _meant(told: Returned) -> Any:
    if isinstance(told, OfArray):
        return types.Array(_SCALARS[told.dtype], told.ndim, told.layout)
    if isinstance(told, OfTuple):
        return types.Tuple(tuple(map(_meant, told.items)))
    return _SCALARS[told]


def _surroundings(one: Any) -> Surroundings:
    if not all(isinstance(const, np.dtype) for const in one.consts):
        raise ValueError("it refers to an object")
    return Surroundings(one.env_name, one.globals["__name__"], tuple(const.str for const in one.consts))


def _environment(one: Surroundings) -> Any:
    """The one that is there already, or one that takes its place: who holds it keeps it."""
    found = lookup_environment(one.name)
    if found is None:
        found = Environment(vars(importlib.import_module(one.module)))
        found.env_name = one.name
        found.consts.extend(map(np.dtype, one.dtypes))
        Environment._memo[one.name] = found
    return found
