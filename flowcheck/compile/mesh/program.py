"""The compiled form of a mesh's policies: tables for each circumstance, and what there is to know of ends."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from flowcheck import arrays as a
from flowcheck.arrays import Int32, Tables, UInt8
from flowcheck.compile.mesh.circumstances import Circumstance, Client, Questions
from flowcheck.compile.mesh.ends import MeshEnds
from flowcheck.compile.mesh.outside import WITHOUT_SAY
from flowcheck.compile.mesh.tables import MeshCompiler
from flowcheck.model.mesh.requests import Carried

FIRST_RULE = a.FIRST_RULE_DECISION + len(WITHOUT_SAY)
"""The decision of the first rule that is a policy's."""
CLIENTS = (Client.OWN, Client.NONE)
CARRIED = (Carried.TCP, Carried.HTTP)


@dataclass(frozen=True)
class MeshProgram:
    """Its decisions are numbered as in its own tables; those from FIRST_RULE_DECISION on stand in the whole
    program's list from ``offset`` further on. The rules before FIRST_RULE say that the mesh has no say: in
    ``tables``, and in ``verdict_in_tables`` (decisions,), they allow, so that backends do not differ by that.
    ``identities`` are those of the cluster's pods. ``compiler`` makes the tables of what records tell when
    that is met."""

    compiler: MeshCompiler
    questions: Questions
    n_decisions: int
    offset: int
    verdict_in_tables: UInt8
    reason: UInt8
    identities: tuple[str, ...]
    ends: MeshEnds
    tables: dict[Circumstance, Tables] = field(default_factory=dict, repr=False)

    def under(self, circumstance: Circumstance) -> Tables:
        """The tables that hold in a circumstance, of which only ingress says anything."""
        if circumstance not in self.tables:
            self.tables[circumstance] = self.compiler.tables(circumstance)
        return self.tables[circumstance]

    def numbered(self, decisions: Int32) -> Int32:
        """(n,) as the whole program numbers them; where the mesh has no say, as to a pod itself and
        to its own node's probes, NO_SUBJECT."""
        silent = (decisions == a.SAME_POD) | (decisions == a.OWN_NODE)
        silent |= (decisions >= a.FIRST_RULE_DECISION) & (decisions < FIRST_RULE)
        own = np.where(decisions >= FIRST_RULE, decisions + self.offset, decisions)
        return np.where(silent, a.NO_SUBJECT, own).astype(np.int32)
