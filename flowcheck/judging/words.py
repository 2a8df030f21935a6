"""What was judged, in words: the columns that ``evaluate`` adds."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from flowcheck import arrays as a
from flowcheck.arrays import Int32, Judged, UInt8
from flowcheck.compile import Program
from flowcheck.flows.initiators import BASES
from flowcheck.judging.batch import JudgedBatch
from flowcheck.judging.names import EndNames
from flowcheck.judging.vocabulary import NULL, Known, Vocabulary
from flowcheck.model.verdict import Reason, Verdict

QUALITIES = ("exact", "inferred", "ambiguous", "unresolved", "external")
_QUALITY_OF_KIND = np.array([0, 0, 4, 0, 3, 2, 0, 3], dtype=np.int32)
"""By endpoint kind: a pod, its secondary interface, a node and a Service are found, a block is outside."""


class Words:
    """The columns of words of all batches: the codes of each batch, and what they stand for."""

    def __init__(self, program: Program) -> None:
        tables = program.tables
        self._verdict = tables.verdict.astype(np.int32)
        self._reason = tables.reason.astype(np.int32)
        self._quality = _QUALITY_OF_KIND[tables.endpoints[:, a.KIND]]
        self._src, self._dst = EndNames(program, "src"), EndNames(program, "dst")
        policies = Vocabulary(), Vocabulary(), Vocabulary()
        self._ingress, self._egress, self._mesh = (_deciders(program, words) for words in policies)
        self._vocabularies = {
            "verdict": Vocabulary(Verdict),
            "ingress_verdict": Vocabulary(Verdict),
            "egress_verdict": Vocabulary(Verdict),
            "reason": Vocabulary(Reason),
            "src": self._src,
            "dst": self._dst,
            "ingress_policy": policies[0],
            "egress_policy": policies[1],
            "mesh_verdict": Vocabulary(Verdict),
            "mesh_policy": policies[2],
            "src_quality": Vocabulary(QUALITIES),
            "dst_quality": Vocabulary(QUALITIES),
            "initiator_basis": Vocabulary(BASES),
        }
        self._codes: dict[str, list[Int32]] = {name: [] for name in self._vocabularies}

    def add(self, batch: pa.RecordBatch, result: JudgedBatch) -> None:
        """One more batch, and what was found of it."""
        read, judged = result
        src, dst, turned = read.flows.src, read.flows.dst, read.initiators.turned()
        recorded = (np.where(turned, dst, src), np.where(turned, src, dst)) if turned.any() else (src, dst)
        found = {
            "verdict": judged.verdict.astype(np.int32),
            "ingress_verdict": self._verdict.take(judged.ingress),
            "egress_verdict": self._verdict.take(judged.egress),
            "reason": self._reasons(judged),
            "src": self._src.codes(batch, src, turned),
            "dst": self._dst.codes(batch, dst, turned),
            "ingress_policy": self._ingress.codes(judged.ingress),
            "egress_policy": self._egress.codes(judged.egress),
            "mesh_verdict": self._verdict.take(judged.mesh),
            "mesh_policy": self._mesh.codes(judged.mesh),
            "src_quality": self._qualities(recorded[0], read.src_inferred),
            "dst_quality": self._qualities(recorded[1], read.dst_inferred),
            "initiator_basis": read.initiators.basis.astype(np.int32),
        }
        for name, codes in found.items():
            self._codes[name].append(codes)

    def columns(self) -> Iterator[tuple[str, pa.ChunkedArray]]:
        """Each column by its name, a chunk for each batch. To be called once."""
        for name, vocabulary in self._vocabularies.items():
            yield name, vocabulary.column(self._codes[name])

    def _reasons(self, judged: Judged) -> Int32:
        """Why each verdict is unknown, egress before ingress before the mesh."""
        codes = np.full(len(judged.verdict), NULL, dtype=np.int32)
        unknown = np.flatnonzero(judged.verdict == a.UNKNOWN)
        egress, ingress, mesh = (side[unknown] for side in (judged.egress, judged.ingress, judged.mesh))
        at_destination = np.where(self._verdict[ingress] == a.UNKNOWN, ingress, mesh)
        codes[unknown] = self._reason[np.where(self._verdict[egress] == a.UNKNOWN, egress, at_destination)]
        return codes

    def _qualities(self, endpoints: Int32, inferred: UInt8) -> Int32:
        """How each end was found."""
        codes = self._quality.take(endpoints)
        if inferred.any():
            codes[(codes == 0) & (inferred != 0)] = 1
        return codes


def _deciders(program: Program, vocabulary: Vocabulary) -> Known:
    """What decided, by decision; null where no policy did."""
    decisions = program.decisions
    return Known(vocabulary, len(decisions), lambda met: (decisions[d].text or None for d in met.tolist()))
