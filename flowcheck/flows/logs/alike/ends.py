"""What stands at the ends of a log's connections, numbered: addresses, names, Services. 0 is none."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic, TypeVar

import numpy as np
import pyarrow as pa

from flowcheck.arrays import Int32, Int64
from flowcheck.flows.logs.values.addresses import canonical_address

NO_ADDRESS = 1
"""The number of all that stands for an address and is none."""
Names = tuple[str | None, str | None, str | None]
"""A namespace, a pod, a workload."""
MOST_ENDS = 1 << 18
"""Ends of one log that are kept at a time."""
K = TypeVar("K", bound=Hashable)


class _Numbered(Generic[K]):
    """Values numbered from 1 as they come, and Arrow's columns of their parts, which have a row for 0 too."""

    def __init__(self, width: int) -> None:
        self._numbers: dict[K, int] = {}
        self._new: list[tuple[str | None, ...]] = [(None,) * width]
        self._columns = [pa.nulls(0, pa.string())] * width

    def number(self, value: K, *parts: str | None) -> int:
        found = self._numbers.get(value)
        if found is None:
            found = self._numbers[value] = len(self._numbers) + 1
            self._new.append(parts)
        return found

    def columns(self) -> list[pa.Array]:
        if self._new:
            new = [pa.array(part, pa.string()) for part in zip(*self._new, strict=True)]
            self._columns = [pa.concat_arrays(pair) for pair in zip(self._columns, new, strict=True)]
            self._new = []
        return self._columns


class Ends:
    """Use for one log. ``keys`` tell ends apart, one for each address, and for each name without one."""

    def __init__(self) -> None:
        self._keys: dict[Hashable, int] = {}
        self._forget_numbers()

    def _forget_numbers(self) -> None:
        self._addresses: _Numbered[str | None] = _Numbered(1)
        self._names: _Numbered[Names] = _Numbered(3)
        self._services: _Numbered[str] = _Numbered(1)
        self._key_of_address = np.zeros(1024, dtype=np.int64)
        self._key_of_names = np.zeros(1024, dtype=np.int64)
        self._is_named = np.zeros(1024, dtype=np.bool_)
        self._addresses.number(None, None)

    @property
    def are_many(self) -> bool:
        return len(self._keys) >= MOST_ENDS

    def forget(self, kept: Int64) -> Int64:
        """All numbers, and all keys but these (keys,), which rise. Returns what those are from now on, which
        rises too."""
        held = list(self._keys)
        self._keys = {held[key - 1]: place for place, key in enumerate(kept.tolist(), start=1)}
        self._forget_numbers()
        return np.arange(1, len(kept) + 1)

    def address(self, text: str | None) -> int:
        if not text:
            return 0
        canonical = canonical_address(text)
        number = self._addresses.number(canonical, canonical)
        if number == len(self._key_of_address):
            self._key_of_address = _doubled(self._key_of_address)
        if not self._key_of_address[number]:
            self._key_of_address[number] = self._keys.setdefault(canonical, len(self._keys) + 1)
        return number

    def names(self, namespace: str | None, pod: str | None, workload: str | None) -> int:
        if not (namespace or pod or workload):
            return 0
        number = self._names.number((namespace, pod, workload), namespace, pod, workload)
        if number == len(self._key_of_names):
            self._key_of_names, self._is_named = _doubled(self._key_of_names), _doubled(self._is_named)
        if not self._key_of_names[number]:
            name = (namespace, pod or workload)
            self._key_of_names[number] = self._keys.setdefault(name, len(self._keys) + 1)
            self._is_named[number] = bool(namespace and (pod or workload))
        return number

    def service(self, name: str | None) -> int:
        return self._services.number(name, name) if name else 0

    def keys(self, addresses: Int32, names: Int32) -> Int64:
        """Of ends (ends,) each: that of the address where there is one, else that of the name."""
        keys: Int64 = np.where(addresses > 0, self._key_of_address[addresses], self._key_of_names[names])
        return keys

    def are_told(self, addresses: Int32, names: Int32) -> np.ndarray:
        """Whether either says which end it is."""
        told: np.ndarray = np.where(addresses > 0, addresses != NO_ADDRESS, self._is_named[names])
        return told

    def address_column(self) -> pa.Array:
        return self._addresses.columns()[0]

    def names_columns(self) -> list[pa.Array]:
        """Namespaces, pods, workloads."""
        return self._names.columns()

    def service_column(self) -> pa.Array:
        return self._services.columns()[0]


def _doubled(column: np.ndarray) -> np.ndarray:
    return np.concatenate([column, np.zeros_like(column)])
