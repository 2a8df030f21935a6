"""A flow's judgement: who opened it, who its ends are, what both sides' policies say, and their join.

An end may stand for several pods or addresses, and a Service for several backends; there is a verdict only
where all of them agree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from flowcheck.model.cluster import Cluster
from flowcheck.model.options import Options
from flowcheck.model.policy import Direction
from flowcheck.model.verdict import Reason
from flowcheck.reference.addresses import AddressOwners
from flowcheck.reference.backends import asked
from flowcheck.reference.ends import End, Resolved, Target, canonical
from flowcheck.reference.flow import ALLOWED, Judgement, Side, Tuple5, both, join, unknown
from flowcheck.reference.holdings import Holdings
from flowcheck.reference.initiator import Opened, by_itself, by_listener, by_port, infer_pairs
from flowcheck.reference.owners import Owners
from flowcheck.reference.policies import Policies
from flowcheck.reference.translation import Services

Sides = tuple[Side, Side]


class Reference:
    """Judges flows against one cluster, one at a time."""

    def __init__(self, cluster: Cluster, options: Options = Options()) -> None:  # noqa: B008 (frozen)
        cluster = cluster.unchanged_for(options.assume_unchanged)
        addresses = AddressOwners(Holdings(cluster), options.skew, options.cluster_ranges)
        self.owners = Owners(addresses)
        self.services = Services(addresses)
        self.policies = Policies(cluster, options)

    def judge_all(self, flows: Sequence[Tuple5]) -> list[Judgement]:
        """The judgements of the flows of one table, in order: what one tells of who opened, others share."""
        return [self.judge(flow, opened) for flow, opened in zip(flows, infer_pairs(flows), strict=True)]

    def judge(self, flow: Tuple5, opened: Opened | None = None) -> Judgement:
        """Turn it so that its source opened it, resolve both ends, ask both sides' policies, join."""
        opened = self._opened(flow, opened or by_itself(flow))
        turned = opened.by == "destination"
        flow = flow.turned() if turned else flow
        src, dst = self._at_ends(flow)
        if opened.by:
            src = replace(src, lost="unresolved") if src.service is not None else src
            dst = self.services.reach(dst, flow.dst, flow.protocol, flow.port, flow.time)
        known = bool(opened.by)
        egress, ingress = self._sides(flow, src, dst) if known else both(unknown(Reason.UNKNOWN_INITIATOR))
        verdict, reason = join(egress, ingress)
        return Judgement(
            src.name,
            dst.name,
            egress,
            ingress,
            verdict,
            reason,
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

    def _sides(self, flow: Tuple5, src: Resolved, dst: Resolved) -> Sides:
        """Both sides; unknown where an end is not known, or what an end may be disagrees."""
        for lost, which in ((src.lost, "src"), (dst.lost, "dst")):
            if lost:
                return both(unknown(Reason(f"{lost}_{which}")))
        if any(end.may_be_virtual for end in dst.ends):
            return both(unknown(Reason.NO_SERVICE))
        targets = [[Target(Resolved(end.name, (end,)), flow.port)] for end in dst.ends]
        answers = [[self._any_of(flow, end, reading) for end in src.ends] for reading in targets]
        if not targets:
            answers = [[self._any_of(flow, end, asked(dst, end)) for end in src.ends]]
        if any(len(set(by_source)) > 1 for by_source in answers):
            return both(unknown(Reason.AMBIGUOUS_SRC))
        if len({by_source[0] for by_source in answers}) > 1:
            return both(unknown(Reason.AMBIGUOUS_DST))
        return answers[0][0]

    def _any_of(self, flow: Tuple5, src: End, targets: Sequence[Target]) -> Sides:
        """Both sides of a flow that one of these takes; the first's, where they share the verdict."""
        if not targets:
            return both(unknown(Reason.UNRESOLVED_DST))
        answers = [self._taken(flow, src, target) for target in targets]
        if len({join(*sides)[0] for sides in answers}) > 1:
            return both(unknown(Reason.SERVICE_BACKENDS_DIFFER))
        return answers[0]

    def _taken(self, flow: Tuple5, src: End, target: Target) -> Sides:
        """Both sides of a flow between two known ends.

        Source: kubernetes.io, Network Policies: a pod cannot block access to itself, and traffic to and
        from the node where a pod is running is always allowed (read as: from that node to the pod).
        """
        if target.resolved.lost:
            return both(unknown(Reason(f"{target.resolved.lost}_dst")))
        (dst,) = target.resolved.ends
        in_particular = src.in_particular and dst.in_particular
        is_same_pod = in_particular and (src.pod or src.secondary) and src.who == dst.who
        if is_same_pod and self.policies.options.same_pod == "allowed":
            return both(ALLOWED)
        own_node = in_particular and is_own_node(src, dst)
        if own_node and self.policies.options.own_node == "allowed":
            return self._ask(Direction.EGRESS, src, dst, flow, target.port, own_node=False), ALLOWED
        to_own = in_particular and is_own_node(dst, src)
        egress = self._ask(Direction.EGRESS, src, dst, flow, target.port, own_node=to_own)
        ingress = self._ask(Direction.INGRESS, dst, src, flow, target.port, own_node=own_node)
        return egress, ingress

    def _ask(
        self, direction: Direction, subject: End, peer: End, flow: Tuple5, port: int | None, *, own_node: bool
    ) -> Side:
        """One side: what its policies say of every version of the subject and of the peer, where they
        agree."""
        doubts = Reason.AMBIGUOUS_SRC, Reason.AMBIGUOUS_DST
        of_subject, of_peer = doubts if direction is Direction.EGRESS else doubts[::-1]
        answers = []
        for other in peer.versions or (peer,):
            sides = [
                self.policies.ask(direction, one, other, flow, port, own_node=own_node)
                for one in subject.versions or (subject,)
            ]
            answers.append(_agreed(sides, of_subject))
        return _agreed(answers, of_peer)


def is_own_node(node: End, pod: End) -> bool:
    """Whether one end is the node of the pod at the other, in whatever version of it."""
    nodes = {one.pod.node if one.pod is not None else "" for one in pod.versions or (pod,)}
    return nodes == {node.node} and "" not in nodes


def _agreed(sides: Sequence[Side], doubt: Reason) -> Side:
    """The first of several, open where another says something else."""
    same = len({(side.verdict, side.reason) for side in sides}) == 1
    return sides[0] if same else unknown(doubt)
