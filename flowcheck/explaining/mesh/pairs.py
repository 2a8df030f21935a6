"""All pairs of ends of one question put to the mesh: judged by the compiled program, then explained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flowcheck import arrays as a
from flowcheck.compile import Program
from flowcheck.compile.mesh.program import MeshProgram
from flowcheck.explaining import compiled
from flowcheck.explaining.compiled import Outcome
from flowcheck.explaining.ends import Candidate
from flowcheck.explaining.mesh.judged import Comes, decisions_of
from flowcheck.explaining.mesh.side import MeshQuestion, MeshWalked, explain_mesh
from flowcheck.explaining.mesh.told import Telling
from flowcheck.explaining.question import Asked, Connection
from flowcheck.model.policy import Policy
from flowcheck.model.service import ServicePort
from flowcheck.model.tiers import Layer


@dataclass(frozen=True, slots=True)
class MeshExplainer:
    """``policies`` and ``staged`` are the mesh's, of the proxy that is asked, in the order they are asked."""

    program: Program
    mesh: MeshProgram
    asked: Connection
    telling: Telling
    policies: Sequence[Policy]
    staged: Sequence[Policy]

    @classmethod
    def of(
        cls,
        program: Program,
        asked: Connection,
        telling: Telling,
        policies: Sequence[Policy],
        staged: Sequence[Policy],
    ) -> MeshExplainer | None:
        """None where no pod is in a mesh."""
        if program.mesh is None:
            return None
        own, previews = (
            [one for one in some if one.tier.layer is Layer.MESH and one.by_waypoint is telling.by_waypoint]
            for some in (policies, staged)
        )
        return cls(program, program.mesh, asked, telling, own, previews)

    def judge(
        self,
        pairs: Sequence[tuple[Candidate, Candidate]],
        ports: Sequence[int | None],
        outcomes: Sequence[Outcome],
    ) -> list[Outcome]:
        """The outcomes with what the mesh says."""
        dialled = -1 if self.asked.port is None else self.asked.port
        come = [
            Comes(
                s.endpoint,
                d.endpoint if d.dialled is None else d.dialled,
                dialled,
                d.endpoint,
                -1 if port is None else port,
            )
            for (s, d), port in zip(pairs, ports, strict=True)
        ]
        decisions, carried = decisions_of(self.mesh, come, self.asked.protocol, self.telling)
        return [
            outcome._replace(
                mesh=decision,
                by_mesh=compiled.side_of(self.program, decision)[0],
                carried=ways,
                clients_differ=bool(self.mesh.ends.differ[one.dialled]),
            )
            for outcome, decision, ways, one in zip(outcomes, decisions, carried, come, strict=True)
        ]

    def explain(self, asked: Asked, outcome: Outcome) -> MeshWalked:
        """``asked``: the ingress side of a pair."""
        question = MeshQuestion(
            asked,
            self.asked.port,
            self.telling,
            outcome.carried,
            outcome.clients_differ,
            self._service_port(asked.subject),
            self.policies,
            self.staged,
        )
        return explain_mesh(self.program, self.mesh, question, outcome.mesh)

    def _service_port(self, dst: Candidate) -> ServicePort | None:
        """The Service's port whose own address was dialled."""
        if dst.dialled is None or self.program.tables.endpoints[dst.dialled, a.KIND] != a.KIND_SERVICE:
            return None
        name = self.program.endpoint_names[dst.dialled]
        for service, port in self.program.service_ports:
            named = name.endswith(f"{service.namespace}/Service/{service.name}")
            if named and (port.port, port.protocol) == (self.asked.port, self.asked.protocol):
                return port
        return None
