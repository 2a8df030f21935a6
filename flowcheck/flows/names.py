"""Recorded names -> endpoints: a pod by its uid or name, a workload by its name, as of each flow's time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.types as pt

from flowcheck.arrays import Int32, Int64, Meaning, Names, UInt8
from flowcheck.model.called import with_any

NOBODY = -3
DENSE = 1 << 22
"""Combinations up to which those that occur are found in a table, not by sorting."""


class Named(NamedTuple):
    """endpoints (rows,) int32: the first endpoint a row's name stands for, or NOBODY. inferred (rows,) uint8.
    ``several`` maps each row whose name stands for several to all of them."""

    endpoints: Int32
    inferred: UInt8
    several: dict[int, tuple[int, ...]]


class NameBook:
    """What recorded names mean in one program."""

    def __init__(
        self, by_pod: Names[tuple[str, str]], by_uid: Names[str], by_workload: Names[tuple[str, str]]
    ) -> None:
        self._by_pod, self._by_uid, self._by_workload = by_pod, by_uid, by_workload

    def pods(self, uids: pa.Array, namespaces: pa.Array, pods: pa.Array, times: Int64) -> Named:
        """By uid; where nobody has it then, by namespace and name."""
        distinct, which = distinct_rows([uids, namespaces, pods])
        first, second = [], []
        for row in distinct.tolist():
            uid, key = uids[row].as_py(), (namespaces[row].as_py(), pods[row].as_py())
            first.append(self._by_uid.get(uid) if uid else None)
            second.append(self._by_pod.get(key) if all(key) else None)
        found = _at(which, first, times)
        rows = np.flatnonzero(found.endpoints == NOBODY)
        if len(rows) == 0 or not any(second):
            return found
        named = _at(which[rows], second, times[rows])
        found.endpoints[rows], found.inferred[rows] = named.endpoints, named.inferred
        several = {int(rows[row]): ends for row, ends in named.several.items()}
        return found._replace(several={**found.several, **several})

    def workloads(self, namespaces: pa.Array, workloads: pa.Array, times: Int64) -> Named:
        distinct, which = distinct_rows([namespaces, workloads])
        meant = [
            self._workload(namespaces[row].as_py(), workload_name(workloads[row].as_py() or ""))
            for row in distinct.tolist()
        ]
        return _at(which, meant, times)

    def _workload(self, namespace: str | None, name: str) -> Meaning | None:
        """Whoever goes by a name; else, where it is the beginning of pods' names, the workload without pods
        that would make such."""
        if not namespace or not name:
            return None
        return self._by_workload.get((namespace, name)) or self._by_workload.get((namespace, with_any(name)))


def workload_name(text: str) -> str:
    """``web``, ``Deployment/web``, ``deployment.apps/web`` or ``shop/Deployment/web`` as ``web`` or
    ``deployment/web``: how a program's names are written. ``web-6b687c8dcb-*``, the beginning of pods' names,
    is one of them already."""
    kind, slash, name = text.rpartition("/")
    kind = kind.rpartition("/")[2].partition(".")[0].lower()
    return f"{kind}/{name}" if slash else name


def _at(which: np.ndarray, meanings: Sequence[Meaning | None], times: Int64) -> Named:
    """What each row's name means at its time. which (rows,): index of ``meanings``."""
    fixed = [meaning.always if meaning is not None else () for meaning in meanings]
    simple = np.array([ends[0] if ends else NOBODY for ends in fixed], dtype=np.int32)
    endpoints = simple[which]
    inferred = np.zeros(len(which), dtype=np.uint8)
    several: dict[int, tuple[int, ...]] = {}
    harder = [n for n, ends in enumerate(fixed) if ends is None or len(ends) > 1]
    if harder:
        order = np.argsort(which, kind="stable")
        bounds = np.searchsorted(which[order], [(n, n + 1) for n in harder])
        for number, (begin, end) in zip(harder, bounds.tolist(), strict=True):
            meaning, rows = meanings[number], order[begin:end]
            assert meaning is not None
            places = np.searchsorted(np.array(meaning.starts), times[rows], side="right") - 1
            firsts = np.array([ends[0] if ends else NOBODY for ends in meaning.ends], dtype=np.int32)
            endpoints[rows] = firsts[places]
            inferred[rows] = np.array(meaning.inferred, dtype=np.uint8)[places]
            many = np.array([len(ends) > 1 for ends in meaning.ends])[places]
            several |= {
                row: meaning.ends[place]
                for row, place in zip(rows[many].tolist(), places[many].tolist(), strict=True)
            }
    return Named(endpoints, inferred, several)


def distinct_rows(columns: list[pa.Array]) -> tuple[np.ndarray, np.ndarray]:
    """(first row of each distinct combination of values, for each row which combination it is)."""
    combined = np.zeros(len(columns[0]), dtype=np.int64)
    n_combined = 1
    for column in columns:
        if not pt.is_dictionary(column.type):
            column = column.dictionary_encode()
        codes = column.indices.cast(pa.int64()).fill_null(-1).to_numpy(zero_copy_only=False) + 1
        n_values = len(column.dictionary) + 1
        if n_combined * n_values > DENSE:
            _, codes = np.unique(codes, return_inverse=True)
            n_values = int(codes.max(initial=0)) + 1
            combined, n_combined = _dense(combined, n_combined)
        combined = combined * n_values + codes
        n_combined *= n_values
    which, n_distinct = _dense(combined, n_combined)
    first = np.zeros(n_distinct, dtype=np.int64)
    first[which[::-1]] = np.arange(len(which) - 1, -1, -1)
    return first, which


def _dense(codes: Int64, limit: int) -> tuple[Int64, int]:
    """Codes below ``limit`` renumbered without gaps, in their order."""
    if limit > DENSE:
        distinct, which = np.unique(codes, return_inverse=True)
        return which, len(distinct)
    used = np.zeros(limit, dtype=np.bool_)
    used[codes] = True
    numbers = np.cumsum(used) - 1
    return numbers[codes], int(used.sum())
