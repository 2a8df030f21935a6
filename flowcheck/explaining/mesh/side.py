"""The mesh before a destination, explained: whether it has a say, and the walk over its policies.

What is not told (which identity the client proves, for what the proxy takes the connection) is walked in
every way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from flowcheck.compile import Program
from flowcheck.compile.mesh.program import MeshProgram
from flowcheck.counted import listed
from flowcheck.explaining import compiled
from flowcheck.explaining.mesh.rules import at_proxy, passed_over
from flowcheck.explaining.mesh.told import Telling
from flowcheck.explaining.mesh.ways import carried_because, clients
from flowcheck.explaining.question import UNKNOWN_ID, Asked, Way
from flowcheck.explaining.records import MeshAnswer, SideAnswer
from flowcheck.explaining.sides import open_end, previews
from flowcheck.explaining.walk import Walked, check_answer, walk
from flowcheck.judging.told import NO_PRINCIPAL
from flowcheck.model.mesh.membership import HBONE_PORT, Membership
from flowcheck.model.mesh.requests import Carried
from flowcheck.model.peers import DataPlane
from flowcheck.model.policy import Policy
from flowcheck.model.protocols import TCP
from flowcheck.model.service import ServicePort
from flowcheck.model.verdict import Reason, Verdict

IDENTITY_SETTLES = (
    "the access log of ztunnel or Envoy tells the client's identity; --principal asks about one, and "
    "--mesh-identity derived takes it to be its own"
)
CARRIED_SETTLES = (
    "the Service's port may say it (appProtocol, or a name such as http-web); --method GET asks about HTTP"
)
TUNNEL_SETTLES = "ask about the port inside the tunnel, which ztunnel's access log tells"
_BEHIND = Membership(DataPlane.AMBIENT, because="as a waypoint records it (--waypoint)")


@dataclass(frozen=True, slots=True)
class MeshWalked:
    """The mesh's answer, and the walk in each way that it was asked; none, where none was needed."""

    answer: MeshAnswer
    walks: tuple[tuple[Way, Walked], ...] = ()


@dataclass(frozen=True, slots=True)
class MeshQuestion:
    """``asked`` is the ingress side of the connection, ``dialled`` the port that its client dialled,
    ``carried`` every way in which the proxy may take it, ``clients_differ`` as in Membership; ``via``: the
    Service port that it came by."""

    asked: Asked
    dialled: int | None
    telling: Telling
    carried: tuple[Carried, ...]
    clients_differ: bool = False
    via: ServicePort | None = None
    policies: Sequence[Policy] = field(repr=False, default=())
    staged: Sequence[Policy] = field(repr=False, default=())


def explain_mesh(program: Program, mesh: MeshProgram, question: MeshQuestion, decision: int) -> MeshWalked:
    """Explained, and held against the compiled decision."""
    found = compiled.side_of(program, decision)
    if question.telling.by_waypoint:
        walked = _past_waypoints(mesh, question)
    else:
        walked = _without_say(program, question)
    if walked is None and not question.telling.by_waypoint and question.dialled == HBONE_PORT:
        return _in_a_tunnel(question, *found)
    walked = walked or _walked(mesh, question)
    check_answer(walked.answer, *found)
    return walked


def _answer(
    question: MeshQuestion,
    verdict: Verdict,
    why: str,
    *,
    reason: str = "",
    decided_by: str = "",
    settle: str = "",
) -> MeshAnswer:
    subject, peer = question.asked.subject.name, question.asked.peer.name
    return MeshAnswer("mesh", subject, peer, str(verdict), reason, decided_by, why, settle)


def _without_say(program: Program, question: MeshQuestion) -> MeshWalked | None:
    """What needs no policy of the mesh."""
    asked, port = question.asked, question.asked.port
    subject, source = asked.subject, asked.peer
    if asked.protocol != TCP:
        return _silent(question, "the mesh's policies are asked of TCP alone")
    if unsure := open_end(asked):
        return _as_network(question, unsure.answer)
    if subject.pod is None or subject.pod.mesh is None:
        what = "in no mesh" if subject.pod is not None else "no pod, and so in no mesh"
        return _silent(question, f"{subject.name} is {what}: no policy of the mesh is asked")
    exemption = compiled.exemption(program, source.endpoint, subject.endpoint)
    if exemption == "self":
        return _silent(question, "a pod's traffic to itself comes by no proxy")
    if exemption == "own node":
        return _silent(question, "a pod's own node (kubelet probes) is let past the mesh")
    if port in subject.pod.mesh.inbound_past:
        return _silent(question, f"port {port} goes past the proxy of {subject.name}")
    return None


def _past_waypoints(mesh: MeshProgram, question: MeshQuestion) -> MeshWalked | None:
    """What needs no policy of a waypoint."""
    asked = question.asked
    if unsure := open_end(asked):
        return _as_network(question, unsure.answer)
    if asked.subject.pod is not None:
        return None
    if not mesh.questions.at_waypoints:
        return _silent(question, f"no policy is for a waypoint, nor is {asked.subject.name} a pod")
    why = f"{asked.subject.name} is no pod, and nothing tells which policies of the waypoint are asked"
    settle = "policies for ServiceEntries are not read"
    unknown = str(Reason.NEEDS_L7)
    return MeshWalked(_answer(question, Verdict.UNKNOWN, why, reason=unknown, settle=settle))


def _as_network(question: MeshQuestion, answer: SideAnswer) -> MeshWalked:
    """An end of which nobody knows who it is is open to a mesh, too."""
    verdict, why = Verdict(answer.verdict), answer.why
    return MeshWalked(_answer(question, verdict, why, reason=answer.reason, settle=answer.settle))


def _silent(question: MeshQuestion, why: str) -> MeshWalked:
    return MeshWalked(_answer(question, Verdict.NOT_APPLICABLE, why))


def _in_a_tunnel(question: MeshQuestion, verdict: Verdict, reason: Reason, decided_by: str) -> MeshWalked:
    """The port inside is not told, so that what is asked of all ports is the answer."""
    why = f"port {HBONE_PORT} is that of tunnels, and nothing tells the port inside"
    if decided_by:
        why += f", which does not matter: {decided_by}"
    return MeshWalked(
        _answer(
            question,
            verdict,
            why,
            reason=str(reason),
            decided_by=decided_by,
            settle=TUNNEL_SETTLES if reason else "",
        )
    )


def _walked(mesh: MeshProgram, question: MeshQuestion) -> MeshWalked:
    asked, pod, by_waypoint = question.asked, question.asked.subject.pod, question.telling.by_waypoint
    member = _BEHIND if by_waypoint else pod.mesh if pod is not None else None
    if member is None or question.dialled is None:
        raise ValueError("a mesh has no say there")
    own = replace(asked, options=mesh.compiler.options)
    proves = clients(
        asked.peer,
        question.dialled,
        question.telling,
        asked.cluster,
        derived=mesh.compiler.options.mesh_identity == "derived",
        differ=question.clients_differ,
    )
    walks: list[tuple[Way, Walked]] = []
    of_clients: list[SideAnswer] = []
    for presented in proves.ways:
        ways = [
            Way(presented, carried, question.telling.request, by_waypoint) for carried in question.carried
        ]
        found = [(way, _in_one_way(own, question.policies, way, member.plane)) for way in ways]
        walks += found
        said = [(f"as {str(way.carried).upper()}", walked.answer) for way, walked in found]
        of_clients.append(
            _agreed(said, Reason.NEEDS_L7, "for what the proxy takes it, TCP or HTTP", CARRIED_SETTLES)
        )
    named = [client_text(presented) for presented in proves.ways]
    told = _agreed(
        [(f"of {name}", one) for name, one in zip(named, of_clients, strict=True)],
        Reason.NEEDS_IDENTITY,
        "which identity the client proves",
        IDENTITY_SETTLES,
    )
    first = walks[0][0]
    shown = replace(own, way=first)
    kept = at_proxy(question.policies, member.plane, first.carried)
    plane = None if by_waypoint else member.plane
    notes = (
        *_before(member),
        *passed_over(question.policies, kept, shown, plane, first.carried),
        *previews(shown, question.staged),
    )
    answer = MeshAnswer(
        "mesh",
        *(told.subject, told.peer, told.verdict, told.reason, told.decided_by, told.why, told.settle),
        *(told.tiers, notes),
        plane="waypoint" if by_waypoint else str(member.plane),
        plane_because=member.because,
        clients=tuple(named),
        clients_because=proves.because,
        **_taken(question, member),
        waypoint=member.waypoint,
    )
    return MeshWalked(answer, tuple(walks))


def _taken(question: MeshQuestion, member: Membership) -> dict[str, Any]:
    """To ztunnel all connections are bytes."""
    if member.plane is DataPlane.AMBIENT and not question.telling.by_waypoint:
        return {}
    because = carried_because(question.carried, question.telling, question.via)
    return {"carried": tuple(map(str, question.carried)), "carried_because": because}


def _before(member: Membership) -> Sequence[str]:
    """What may stand before the proxy."""
    if not member.waypoint:
        return ()
    return (f"it may come through the waypoint {member.waypoint}, which has policies of its own",)


def client_text(presented: str | None) -> str:
    """As the column src_principal has it."""
    return NO_PRINCIPAL if presented is None else "unknown" if presented == UNKNOWN_ID else presented


def _in_one_way(asked: Asked, policies: Sequence[Policy], way: Way, plane: DataPlane) -> Walked:
    return walk(replace(asked, way=way), at_proxy(policies, plane, way.carried))


def _agreed(said: Sequence[tuple[str, SideAnswer]], doubt: Reason, what: str, settle: str) -> SideAnswer:
    """The first of several where all have its verdict; else it is open."""
    first = said[0][1]
    if len({(one.verdict, one.reason) for _, one in said}) == 1:
        return first
    unknown = next((one for _, one in said if one.verdict == Verdict.UNKNOWN), None)
    reason = unknown.reason if unknown is not None else str(doubt)
    forks = listed([f"{one.verdict} {name}" for name, one in said])
    why = f"it hangs on {what}: {forks}" + (f"; {unknown.why}" if unknown is not None else "")
    open_ends = (str(Verdict.UNKNOWN), reason, "", why, unknown.settle if unknown is not None else settle)
    return SideAnswer(first.direction, first.subject, first.peer, *open_ends, first.tiers)
