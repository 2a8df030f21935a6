"""What logs say was decided, and by which policy, beside what flowcheck says: counted row by row.

A cloud's verdict is its security groups' and compared with nothing. A policy that a record names is compared
with those that decided: nothing else checks what a network plugin says of itself. What a mesh's proxy decided
is compared with what the mesh's policies say, without those of the network.
"""

from __future__ import annotations

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from flowcheck import arrays as a
from flowcheck.arrays import Int32, Int64, Judged
from flowcheck.compile import Program
from flowcheck.flows.canonical.schema import MESH_SAID
from flowcheck.judging.names_of_policies import same_policy
from flowcheck.kernels.books import number_distinct
from flowcheck.kinds import POLICY_KINDS
from flowcheck.results.edges import pairs
from flowcheck.results.records.summary import Difference, Recorded

MOST = 10_000
"""Distinct pairs of a recorded and a decided policy that are told apart; rows past it are counted as not
compared."""
MOST_SHOWN = 5
CLOUD = ("", "allowed", "denied", "audit", "dropped")
COLUMNS = ("policy_refs", "cloud_action", *MESH_SAID)
_SAID = ("", "allowed", "denied")
_MEANT = {a.ALLOW: "allowed", a.DENY: "denied"}


Key = tuple[str, int, int]
"""Policies that rows name, a line each, and two numbers."""


class Firsts(msgspec.Struct):
    """How many rows say what, and the first of them (file, row). ``past``: rows past MOST."""

    of: dict[Key, tuple[int, str, int]] = {}
    past: int = 0

    def count(self, texts: pa.Array, one: Int32, two: Int32, records: Int64, file: str) -> None:
        """Add rows, each argument but the last (rows,)."""
        coded = texts.dictionary_encode()
        codes = coded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
        first, which = number_distinct(pairs(one, two), codes)
        words = coded.dictionary.to_pylist()
        for place, n in zip(first.tolist(), np.bincount(which).tolist(), strict=True):
            key = (words[codes[place]], int(one[place]), int(two[place]))
            self._add(key, n, (file, int(records[place])))

    def add(self, other: Firsts) -> None:
        self.past += other.past
        for key, (rows, file, first) in other.of.items():
            self._add(key, rows, (file, first))

    def _add(self, key: Key, rows: int, at: tuple[str, int]) -> None:
        known = self.of.get(key)
        if known is not None:
            self.of[key] = (known[0] + rows, *min(known[1:], at))
        elif len(self.of) < MOST:
            self.of[key] = (rows, *at)
        else:
            self.past += rows


class RecordedCounts(msgspec.Struct):
    """``cloud``: rows by cloud_action. ``named``: rows that name policies, by decisions: egress, ingress.
    ``mesh``: rows by mesh_action, the policies they name, and the mesh's decision."""

    cloud: dict[int, int] = {}
    named: Firsts = msgspec.field(default_factory=Firsts)
    mesh: Firsts = msgspec.field(default_factory=Firsts)

    def count(self, batch: pa.RecordBatch, numbers: Int32, judged: Judged, records: Int64, file: str) -> None:
        """Add one batch. numbers (rows,): of each row's key in ``judged``, -1 left out; records (rows,)."""
        asked = numbers >= 0
        if (actions := _codes(batch, "cloud_action")) is not None:
            values, counts = np.unique(actions[asked], return_counts=True)
            self._add_cloud(dict(zip(values.tolist(), counts.tolist(), strict=True)))
        if (named := _names(batch, "policy_refs")) is not None:
            rows = np.flatnonzero(asked & _filled(named))
            keys = numbers[rows]
            self.named.count(named.take(rows), judged.egress[keys], judged.ingress[keys], records[rows], file)
        actions, named = _codes(batch, "mesh_action"), _names(batch, "mesh_policy_refs")
        if actions is not None or named is not None:
            none = np.zeros(len(numbers), dtype=np.int32)
            said = none if actions is None else np.where(np.isin(actions, (1, 2)), actions, 0)
            named = pa.array([""]).take(none) if named is None else named
            rows = np.flatnonzero(asked & ((said != 0) | _filled(named)))
            said = said[rows].astype(np.int32)
            self.mesh.count(named.take(rows), said, judged.mesh[numbers[rows]], records[rows], file)

    def _add_cloud(self, counts: dict[int, int]) -> None:
        for code, n in counts.items():
            self.cloud[code] = self.cloud.get(code, 0) + n

    def add(self, other: RecordedCounts) -> None:
        self._add_cloud(other.cloud)
        self.named.add(other.named)
        self.mesh.add(other.mesh)


def _codes(batch: pa.RecordBatch, name: str) -> npt.NDArray[np.integer] | None:
    """A column of codes (rows,), 0 for null; None where there is none."""
    if name not in batch.schema.names or pt.is_null(batch.column(name).type):
        return None
    codes: npt.NDArray[np.integer] = batch.column(name).fill_null(0).to_numpy(zero_copy_only=False)
    return codes


def _names(batch: pa.RecordBatch, name: str) -> pa.Array | None:
    """Names of policies (rows,), a line each; empty where there are none, or null among them."""
    if name not in batch.schema.names or pt.is_null(batch.column(name).type):
        return None
    return pc.binary_join(batch.column(name), "\n").fill_null("")


def _filled(names: pa.Array) -> npt.NDArray[np.bool_]:
    filled: npt.NDArray[np.bool_] = pc.not_equal(names, "").to_numpy(zero_copy_only=False)
    return filled


def compare(program: Program, counts: RecordedCounts) -> Recorded:
    """What was counted, in words."""
    network, mesh = _Compared(counts.named), _Compared(counts.mesh)
    for key in network.keys:
        named, *decisions = key
        recorded = tuple(named.split("\n"))
        decided = tuple(
            dict.fromkeys(
                policy
                for decision in decisions
                if program.tables.verdict[decision] != a.UNKNOWN
                for policy in program.decisions[decision].policies
            )
        )
        kinds = {name.partition("/")[0] for name in recorded}
        is_known = bool(decided and kinds & POLICY_KINDS)
        network.tell(key, _same(recorded, decided) if is_known else None, recorded, decided)
    for key in mesh.keys:
        named, action, decision = key
        recorded, made = tuple(named.split("\n") if named else ()), program.decisions[decision]
        meant, said = _MEANT.get(int(program.tables.verdict[decision]), ""), _SAID[action]
        agrees = said in ("", meant) and (not recorded or _same(recorded, made.policies))
        mesh.tell(key, agrees if meant else None, (said, *recorded), (meant, *made.policies))
    return Recorded(
        cloud={CLOUD[code]: n for code, n in sorted(counts.cloud.items()) if 0 < code < len(CLOUD)},
        policies_agree=network.agree,
        policies_differ=network.differ,
        policies_not_compared=network.apart,
        differences=tuple(network.differences[:MOST_SHOWN]),
        mesh_agree=mesh.agree,
        mesh_differ=mesh.differ,
        mesh_not_compared=mesh.apart,
        mesh_differences=tuple(mesh.differences[:MOST_SHOWN]),
    )


def _same(recorded: tuple[str, ...], decided: tuple[str, ...]) -> bool:
    return any(same_policy(one, other) for one in recorded for other in decided)


class _Compared:
    """``keys`` in the order of their first rows."""

    def __init__(self, firsts: Firsts) -> None:
        self.keys = sorted(firsts.of, key=lambda key: (firsts.of[key][1:], key))
        self.agree = self.differ = 0
        self.apart, self._of = firsts.past, firsts.of
        self.differences: list[Difference] = []

    def tell(
        self, key: Key, agrees: bool | None, recorded: tuple[str, ...], decided: tuple[str, ...]
    ) -> None:
        """Whether its rows agree; None: they cannot be compared."""
        rows, file, row = self._of[key]
        self.apart += rows if agrees is None else 0
        self.agree += rows if agrees else 0
        if agrees is False:
            self.differ += rows
            self.differences.append(
                Difference(recorded=recorded, decided=decided, rows=rows, file=file, first_row=row)
            )
