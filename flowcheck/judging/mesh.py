"""What a mesh's policies say of flows: asked once for each circumstance that rows are in.

What no record tells is asked in every way, and there is a verdict where all ways agree: first for what the
proxy takes the connection, then what the client proves.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from flowcheck import arrays as a
from flowcheck.arrays import PORT_BITS, FlowArrays, Int32, Int64, UInt8
from flowcheck.compile.mesh.circumstances import Answers, Circumstance, Client
from flowcheck.compile.mesh.ends import EITHER, HTTP, NONE, NOT_TOLD, OWN
from flowcheck.compile.mesh.program import CARRIED, CLIENTS, MeshProgram
from flowcheck.flows.canonical.numbers import FIRST_OF_A_PROXY, Numbers
from flowcheck.judging.asked import judge_by, take_rows
from flowcheck.judging.told import NO_PRINCIPAL, NOTHING, Recorded, Told
from flowcheck.model.mesh.membership import HBONE_PORT
from flowcheck.model.protocols import TCP

Mask = npt.NDArray[np.bool_]


def seen_by(mesh: MeshProgram, numbers: Numbers, destinations: Int32) -> UInt8:
    """(flows,) uint8: what was observed; what others than a proxy saw go on to one is only forwarded."""
    kinds = mesh.compiler.whole.endpoints[destinations, a.KIND]
    may_be_carried = (mesh.ends.client[destinations] != NONE) | (kinds == a.KIND_SERVICE)
    forwarded = (numbers.observed == a.OBSERVED_ALLOWED) & (numbers.protocol == TCP) & may_be_carried
    forwarded &= numbers.point < FIRST_OF_A_PROXY
    return np.where(forwarded, np.uint8(a.OBSERVED_FORWARDED), numbers.observed)


def to_tunnels(mesh: MeshProgram, flows: FlowArrays) -> Mask:
    """(flows,) which go to the port of tunnels of a pod in the mesh."""
    in_mesh = mesh.ends.client[flows.dst] != NONE
    found: Mask = in_mesh & (flows.port == HBONE_PORT) & (flows.protocol == TCP)
    return found


def ask_mesh(
    mesh: MeshProgram, flows: FlowArrays, told: Told | None, dialled: FlowArrays | None = None
) -> Int32:
    """(flows,) the decision of each, as the program numbers them; NO_SUBJECT where the mesh has no say.
    ``dialled``: the same with whom their clients dialled, where ``flows`` have who is behind that."""
    decisions = np.zeros(len(flows.src), dtype=np.int32)
    rows = np.flatnonzero((flows.judge != 0) & (flows.protocol == TCP))
    if not len(rows):
        return decisions
    asked, given = take_rows(flows, rows), take_rows(dialled or flows, rows)
    values = told.values if told else (NOTHING,)
    which = told.which[rows] if told else np.zeros(len(rows), dtype=np.int32)
    tunnelled = given.port == HBONE_PORT
    asked = asked._replace(port=np.where(tunnelled, np.int32(-1), asked.port))
    if told is not None and any(value.by_waypoint for value in values):
        own = told.take(rows)
        to_service = mesh.compiler.whole.endpoints[given.dst, a.KIND] == a.KIND_SERVICE
        at_waypoint = np.where(to_service, given.port, own.seen)
        asked = asked._replace(port=np.where(own.by_waypoint, at_waypoint, asked.port).astype(np.int32))
        tunnelled |= own.by_waypoint
    clients, foreign = _clients(mesh, given, values, which, tunnelled)
    carried = carried_as(mesh, given, values, which)
    circumstances = np.stack([clients, carried, which])
    distinct, groups = np.unique(circumstances, axis=1, return_inverse=True)
    groups = groups.ravel()
    for number, (client, as_, value) in enumerate(distinct.T.tolist()):
        same = np.flatnonzero(groups == number)
        some = take_rows(asked, same)
        decisions[rows[same]] = _in_every_way(mesh, some, client, foreign, as_, values[value])
    return mesh.numbered(decisions)


def _clients(
    mesh: MeshProgram, flows: FlowArrays, values: tuple[Recorded, ...], which: Int32, tunnelled: Mask
) -> tuple[Int32, list[Answers]]:
    """(flows,) OWN, NONE, NOT_TOLD, or 3 + the place of what another identity answers, which are listed.
    tunnelled (flows,): what came by a tunnel, which only a certificate opens."""
    ends = mesh.ends
    client = ends.client[flows.src].astype(np.int32)
    assumed = OWN if mesh.compiler.options.mesh_identity == "derived" else NOT_TOLD
    in_mesh = client == OWN
    client[in_mesh] = assumed
    past = in_mesh & _is_at(ends.past, ends.like[flows.src], flows.port)
    client[past] = NONE
    client[in_mesh & (client != NONE) & (ends.differ[flows.dst] != 0)] = NOT_TOLD
    client[in_mesh & (flows.port < 0) & np.isin(ends.like[flows.src], ends.past >> PORT_BITS)] = NOT_TOLD
    client[tunnelled] = np.where(in_mesh[tunnelled], OWN, NOT_TOLD)
    foreign: dict[Answers, int] = {}
    numbers = {identity: number for number, identity in enumerate(mesh.identities)}
    for place, value in enumerate(values):
        if not value.principal:
            continue
        mine = which == place
        if value.principal == NO_PRINCIPAL:
            client[mine] = NONE
            continue
        answers = mesh.questions.of_identity(value.principal)
        code = NOT_TOLD + 1 + foreign.setdefault(answers, len(foreign))
        own = ends.own[flows.src] == numbers.get(value.principal, -2)
        client[mine] = np.where(own[mine], OWN, code)
    return client, list(foreign)


def carried_as(mesh: MeshProgram, flows: FlowArrays, values: tuple[Recorded, ...], which: Int32) -> Int32:
    """(flows,) for what a proxy takes each: TCP, HTTP or EITHER."""
    if not mesh.questions.tells_carried:
        return np.zeros(len(flows.src), dtype=np.int32)
    ends = mesh.ends
    places = _places(ends.like[flows.dst], flows.port)
    carried = np.full(len(places), EITHER, dtype=np.int32)
    if len(ends.spoken_at):
        at = np.searchsorted(ends.spoken_at, places).clip(max=len(ends.spoken_at) - 1)
        found = ends.spoken_at[at] == places
        carried[found] = ends.spoken[at[found]]
    is_http = np.array([value.is_http for value in values])
    carried[is_http[which]] = HTTP
    return carried


def _places(endpoints: Int32, ports: Int32) -> Int64:
    return endpoints.astype(np.int64) << PORT_BITS | ports


def _is_at(places: Int64, endpoints: Int32, ports: Int32) -> Mask:
    """(flows,) which are among ascending pairs of endpoint and port."""
    found: Mask = np.isin(_places(endpoints, ports), places)
    return found


def _in_every_way(
    mesh: MeshProgram, flows: FlowArrays, client: int, foreign: list[Answers], carried: int, told: Recorded
) -> Int32:
    """(flows,) what is said under all circumstances that codes leave."""
    clients: list[Client | Answers] = [*CLIENTS] if client == NOT_TOLD else [CLIENTS[min(client, NONE)]]
    if client > NOT_TOLD:
        clients = [foreign[client - NOT_TOLD - 1]]
    taken = CARRIED if carried == EITHER else CARRIED[carried : carried + 1]
    of_clients = []
    for one in clients:
        circumstances = (Circumstance(one, as_, told.request, told.by_waypoint) for as_ in taken)
        said = [judge_by(mesh.under(each), flows).ingress for each in circumstances]
        of_clients.append(_agreed(mesh, said, a.REASON_NEEDS_L7))
    return _agreed(mesh, of_clients, a.REASON_NEEDS_IDENTITY)


def _agreed(mesh: MeshProgram, said: list[Int32], doubt: int) -> Int32:
    """The first of several where all have its verdict; else unknown, for the first's reason that is, or for
    ``doubt``."""
    first = said[0]
    if len(said) == 1:
        return first
    verdicts, reasons = mesh.verdict_in_tables, mesh.reason
    differs = np.zeros(len(first), dtype=np.bool_)
    reason = np.zeros(len(first), dtype=np.int32)
    for one in said:
        differs |= (verdicts[one] != verdicts[first]) | (reasons[one] != reasons[first])
        unknown = (verdicts[one] == a.UNKNOWN) & (reason == 0)
        reason[unknown] = reasons[one[unknown]]
    reason[reason == 0] = doubt
    return np.where(differs, a.UNKNOWN_DECISION + reason, first).astype(np.int32)
