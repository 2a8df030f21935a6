"""A flow's judgement: who opened it, who its ends are, what both sides' policies say and the mesh before the
destination, and their join.

An end may stand for several pods or addresses, and a Service for several backends; there is a verdict only
where all of them agree.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from flowcheck.model.cluster import Cluster
from flowcheck.model.options import Options
from flowcheck.model.policy import Direction
from flowcheck.model.protocols import TCP
from flowcheck.model.service import ServicePort
from flowcheck.model.tiers import Layer
from flowcheck.model.verdict import Reason, Verdict
from flowcheck.reference.addresses import AddressOwners
from flowcheck.reference.backends import asked
from flowcheck.reference.ends import End, Resolved, Target, canonical
from flowcheck.reference.flow import ALLOWED, NOT_APPLICABLE, Judgement, Side, Sides, Tuple5, join, unknown
from flowcheck.reference.holdings import Holdings
from flowcheck.reference.initiator import Opened, by_itself, by_listener, by_port, infer_pairs
from flowcheck.reference.mesh.side import Mesh
from flowcheck.reference.owners import Owners
from flowcheck.reference.policies import Policies
from flowcheck.reference.translation import Services

UNSAID = ServicePort("", TCP, 0, 0)
"""What a node's port says of what is spoken behind it."""


class Reference:
    """Judges flows against one cluster, one at a time."""

    def __init__(self, cluster: Cluster, options: Options = Options()) -> None:  # noqa: B008 (frozen)
        cluster = cluster.unchanged_for(options.assume_unchanged)
        addresses = AddressOwners(Holdings(cluster), options.skew, options.cluster_ranges)
        self.owners = Owners(addresses)
        self.services = Services(addresses)
        self.policies = Policies(cluster, options, Layer.NETWORK)
        self.mesh = Mesh(cluster, options, self.services)

    def judge_all(self, flows: Sequence[Tuple5]) -> list[Judgement]:
        """The judgements of the flows of one table, in order: what one tells of who opened, others share."""
        return [self.judge(flow, opened) for flow, opened in zip(flows, infer_pairs(flows), strict=True)]

    def judge(self, flow: Tuple5, opened: Opened | None = None) -> Judgement:
        """Turn it so that its source opened it, resolve both ends, ask all that stand between, join."""
        flow = replace(flow, by_waypoint=flow.by_waypoint and flow.protocol == TCP)
        opened = self._opened(flow, opened or by_itself(flow))
        turned = opened.by == "destination"
        flow = flow.turned() if turned else flow
        src, dst = self._at_ends(flow)
        if opened.by:
            src = replace(src, lost="unresolved") if src.service is not None else src
            dst = self.services.reach(dst, flow)
        known = bool(opened.by)
        sides = self._sides(flow, src, dst) if known else self._doubted(flow, Reason.UNKNOWN_INITIATOR)
        return Judgement(
            src.name,
            dst.name,
            *sides,
            *join(sides),
            opened.basis,
            turned,
            src.quality,
            dst.quality,
            self.owners.disagrees(flow.source, src, flow.time),
            self.owners.disagrees(flow.destination, dst, flow.time),
        )

    # -- who opened it, who is at its ends ---------------------------------------------------------

    def _opened(self, flow: Tuple5, opened: Opened) -> Opened:
        if opened.by:
            return opened
        src, dst = self._at_ends(flow)
        source = self._listens(src, flow.src, flow.protocol, flow.src_port)
        destination = self._listens(dst, flow.dst, flow.protocol, flow.port)
        listening = by_listener(source, destination)
        return listening if listening.by else by_port(flow)

    def _listens(self, end: Resolved, address: str | None, protocol: int, port: int | None) -> bool:
        """Whether an end is known to listen on a port, whenever that is known of: the address of Services on
        what any of them has there; a pod by its containers or by a slice that lists it; a node's address by
        such a slice, a Service's there, a node port or a host port."""
        if not port:
            return False
        if address and (end.service is not None or end.shared):
            return self.services.has_port(canonical(address), protocol, port)
        who = end.only
        if who is not None and who.pod is not None:
            versions = self.owners.holdings.versions_of(who)
            if any((p.number, p.protocol) == (port, protocol) for pod in versions for p in pod.ports):
                return True
            addresses = {canonical(address) for pod in versions for address in pod.addresses}
            return self.services.lists(addresses, protocol, port)
        if who is None or who.node is None or end.by != "address" or who.address is None:
            return False
        return (
            self.services.has_node_port(protocol, port)
            or self.services.lists([who.address], protocol, port)
            or self.services.has_port(who.address, protocol, port)
            or self.services.has_host_port(who.node, who.address, protocol, port)
        )

    def _at_ends(self, flow: Tuple5) -> tuple[Resolved, Resolved]:
        resolve = self.owners.resolve
        return resolve(flow.source, flow.time), resolve(flow.destination, flow.time)

    # -- what the policies say ---------------------------------------------------------------------

    def _doubted(self, flow: Tuple5, reason: Reason) -> Sides:
        """All sides of a flow of which nobody can say between whom it is."""
        network = NOT_APPLICABLE if flow.by_waypoint else unknown(reason)
        return Sides(network, network, self.mesh.doubted(flow, reason))

    def _sides(self, flow: Tuple5, src: Resolved, dst: Resolved) -> Sides:
        """All sides; unknown where an end is not known, or what an end may be disagrees."""
        for lost, which in ((src.lost, "src"), (dst.lost, "dst")):
            if lost:
                return self._doubted(flow, Reason(f"{lost}_{which}"))
        if any(end.may_be_virtual for end in dst.ends):
            return self._doubted(flow, Reason.NO_SERVICE)
        targets = [[Target(Resolved(end.name, (end,)), flow.port)] for end in dst.ends]
        answers = [[self._any_of(flow, end, reading, dst) for end in src.ends] for reading in targets]
        if not targets:
            by = flow.by_waypoint
            answers = [[self._any_of(flow, end, asked(dst, end, by_waypoint=by), dst) for end in src.ends]]
        if any(len(set(by_source)) > 1 for by_source in answers):
            return self._doubted(flow, Reason.AMBIGUOUS_SRC)
        if len({by_source[0] for by_source in answers}) > 1:
            return self._doubted(flow, Reason.AMBIGUOUS_DST)
        return answers[0][0]

    def _any_of(self, flow: Tuple5, src: End, targets: Sequence[Target], dst: Resolved) -> Sides:
        """All sides of a flow that one of these takes: of network policies, and of the mesh, the first's,
        where all share the verdict; to a mesh, not to be asked is as good as to allow."""
        if not targets:
            return self._doubted(flow, Reason.UNRESOLVED_DST)
        answers = [self._taken(flow, src, target, dst) for target in targets]
        differ = self._doubted(flow, Reason.SERVICE_BACKENDS_DIFFER)
        network = {join(sides._replace(mesh=NOT_APPLICABLE))[0] for sides in answers}
        egress, ingress, mesh = answers[0]
        if len(network) > 1:
            egress, ingress = differ.egress, differ.ingress
        if len({as_allowed(sides.mesh).verdict for sides in answers}) > 1:
            mesh = differ.mesh
        return Sides(egress, ingress, mesh)

    def _taken(self, flow: Tuple5, src: End, target: Target, reached: Resolved) -> Sides:
        """All sides of a flow between two known ends. At a pod's own address network policies see the port on
        the wire, and nothing of what a waypoint passes on, which comes and goes by connections of its own.

        Source: kubernetes.io, Network Policies: a pod cannot block access to itself, and traffic to and
        from the node where a pod is running is always allowed (read as: from that node to the pod).
        """
        if target.resolved.lost:
            return self._doubted(flow, Reason(f"{target.resolved.lost}_dst"))
        (dst,) = target.resolved.ends
        via = reached.via if reached.via or reached.ends else UNSAID
        of_src, of_dst = Reason.AMBIGUOUS_SRC, Reason.AMBIGUOUS_DST

        def into_mesh(subject: End, peer: End) -> Side:
            return self.mesh.ask(flow, peer, subject, target.port, via)

        if flow.by_waypoint:
            mesh = of_versions(into_mesh, dst, src, of_dst, of_src)
            return Sides(NOT_APPLICABLE, NOT_APPLICABLE, mesh)
        in_particular = src.in_particular and dst.in_particular
        is_same_pod = in_particular and (src.pod or src.secondary) and src.who == dst.who
        if is_same_pod and self.policies.options.same_pod == "allowed":
            return Sides(ALLOWED, ALLOWED, NOT_APPLICABLE)
        own_node = in_particular and is_own_node(src, dst)
        to_own = in_particular and is_own_node(dst, src)
        tunnelled = flow.outer_port is not None and bool(reached.ends) and dst.pod is not None
        wire = flow.outer_port if tunnelled else target.port

        def outgoing(subject: End, peer: End) -> Side:
            return self.policies.ask(Direction.EGRESS, subject, peer, flow, wire, own_node=to_own)

        def incoming(subject: End, peer: End) -> Side:
            return self.policies.ask(Direction.INGRESS, subject, peer, flow, wire, own_node=own_node)

        free = own_node and self.policies.options.own_node == "allowed"
        return Sides(
            of_versions(outgoing, src, dst, of_src, of_dst),
            ALLOWED if free else of_versions(incoming, dst, src, of_dst, of_src),
            NOT_APPLICABLE if own_node or is_same_pod else of_versions(into_mesh, dst, src, of_dst, of_src),
        )


def of_versions(
    ask: Callable[[End, End], Side], subject: End, peer: End, of_subject: Reason, of_peer: Reason
) -> Side:
    """One side: what is said of every version of the subject and of the peer, where they agree; else that is
    the doubt there is."""
    answers = []
    for other in peer.versions or (peer,):
        sides = [ask(one, other) for one in subject.versions or (subject,)]
        answers.append(_agreed(sides, of_subject))
    return _agreed(answers, of_peer)


def is_own_node(node: End, pod: End) -> bool:
    """Whether one end is the node of the pod at the other, in whatever version of it."""
    nodes = {one.pod.node if one.pod is not None else "" for one in pod.versions or (pod,)}
    return nodes == {node.node} and "" not in nodes


def as_allowed(side: Side) -> Side:
    return ALLOWED if side.verdict is Verdict.NOT_APPLICABLE else side


def _agreed(sides: Sequence[Side], doubt: Reason) -> Side:
    """The first of several, open where another says something else."""
    same = len({(side.verdict, side.reason) for side in map(as_allowed, sides)}) == 1
    return sides[0] if same else unknown(doubt)
