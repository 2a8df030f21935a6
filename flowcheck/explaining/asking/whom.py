"""Whether an end of a flow is one of those that a peer or a policy's subject stands for, with the facts."""

from __future__ import annotations

import ipaddress
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Literal

from flowcheck.counted import listed
from flowcheck.explaining.asking.found import Found, all_of, any_of, known, negated
from flowcheck.explaining.asking.services import among_backends, behind
from flowcheck.explaining.asking.things import Thing, described_node, may_be_node, of_set
from flowcheck.explaining.ends import Candidate, as_address
from flowcheck.explaining.question import Asked
from flowcheck.explaining.words import block_text, faults, query_text
from flowcheck.model.cluster import NAMESPACE_NAME_LABEL, Cluster
from flowcheck.model.labels import Selector
from flowcheck.model.peers import (
    AddressBlock,
    AllOf,
    AnyOf,
    Anyone,
    Backends,
    DomainNames,
    InSets,
    NodeQuery,
    Not,
    Peer,
    PodQuery,
    ServicePods,
    Where,
)
from flowcheck.model.policy import Direction
from flowcheck.model.verdict import Reason

_A_NODE = "a node, which selectors do not select (an ipBlock does)"


@dataclass(frozen=True, slots=True)
class Whom:
    """One end of a question, as subject or as peer."""

    question: Asked
    of: Literal["subject", "peer"]

    @property
    def end(self) -> Candidate:
        return self.question.subject if self.of == "subject" else self.question.peer

    @property
    def who(self) -> str:
        return self.question.subject_word if self.of == "subject" else self.question.peer_word

    @property
    def cluster(self) -> Cluster:
        return self.question.cluster

    def asked_for(self, peer: Peer) -> Hashable:
        """What is one question wherever it stands, where it is open."""
        match peer:
            case PodQuery():
                return peer.namespaces
            case NodeQuery():
                return peer.nodes
            case AddressBlock() | DomainNames():
                return None
            case _:
                return peer

    def is_one_of(self, peer: Peer) -> Found:
        match peer:
            case AllOf(parts):
                return all_of(map(self.is_one_of, parts))
            case AnyOf(parts):
                return any_of(map(self.is_one_of, parts))
            case Not(part):
                return negated(self.is_one_of(part))
            case Anyone():
                return known(True)
            case PodQuery():
                return self.in_query(peer)
            case Where(what):
                own_node = self.of == "peer" and self.question.own_node
                return Thing(
                    self.end, self.who, self.cluster, own_node=own_node, way=self.question.way
                ).holds(what)
            case AddressBlock():
                return self._in_block(peer)
            case InSets():
                return self._in_sets(peer)
            case NodeQuery():
                return self._in_nodes(peer)
            case DomainNames():
                return self._named()
            case Backends():
                return among_backends(peer, self.end, self._at, self.cluster)
            case ServicePods():
                return behind(peer, self.end, self.who, self.cluster)

    @property
    def _at(self) -> str:
        return self.end.address or self.who

    def in_query(self, query: PodQuery) -> Found:
        """Whether it is such a pod; perhaps, where that asks for labels that no input tells."""
        end, who = self.end, self.who
        if end.pod is None:
            place = "on a network beside the cluster's" if end.secondary else "outside the cluster"
            return known(False, f"{who} is {f'{place}, not a pod' if end.node is None else _A_NODE}")
        namespace = end.pod.namespace
        labels, described = self.cluster.namespace_labels(end.pod)
        found, unknown = [], []
        if query.namespace is not None and query.namespace != namespace:
            found.append(f"{who} is in namespace {namespace}")
        if query.namespaces is not None:
            clauses = query.namespaces.requirements
            unknown = [c.key for c in clauses if not described and c.key not in labels]
            told = Selector(tuple(c for c in clauses if c.key not in unknown))
            if any(not c.matches(labels) and c.key == NAMESPACE_NAME_LABEL for c in told.requirements):
                found.append(f"{who} is in namespace {namespace}")
            else:
                found += faults(told, labels, f"namespace {namespace}")
        if query.namespace is None and query.namespaces is None:
            found.append("it selects nobody")
        found += faults(query.pods, end.pod.labels, who)
        if unknown and not found:
            why = f"no input describes namespace {namespace}, so its label {listed(unknown)} is not known"
            return Found("maybe", (why,), Reason.NO_NAMESPACE)
        return known(not found, *(found or (f"{who} is one of {query_text(query)}",)))

    def _in_nodes(self, query: NodeQuery) -> Found:
        """Where no node is described, any address outside may be one's."""
        end, who = self.end, self.who
        if end.pod is not None or end.secondary or (end.node is None and self.cluster.lists_nodes):
            return known(False, f"{who} is no node")
        if end.node is None:
            return Found("maybe", (f"not all nodes are described, so {who} may be one",), Reason.NO_NODE)
        node = described_node(end, self.cluster)
        if node is not None:
            wrong = faults(query.nodes, node.labels, who)
            return known(not wrong, *wrong)
        if query.nodes.must_match({}):
            return known(True)
        why = f"no input describes node {end.node}, so its labels are not known"
        return Found("maybe", (why,), Reason.NO_NODE)

    def _named(self) -> Found:
        goes_out = self.of == "peer" and self.question.direction is Direction.EGRESS
        if goes_out and self.end.pod is None and self.end.node is None:
            return Found("maybe", (self.question.unnamed,), Reason.NEEDS_DNS)
        return known(False, f"{self.who} is in the cluster")

    # -- addresses -------------------------------------------------------------------------------------

    def _in_block(self, block: AddressBlock) -> Found:
        """A block against the address; whether it counts for pods is the language's or the option's."""
        if self.end.address is None and not block.whole:
            return known(False, f"{self.who} has no known address")
        own = self._addresses(whole=block.whole)
        gap = next((gap for gap in block.excepts if any(inside(one, gap) for one in own)), "")
        if not any(inside(one, block.cidr) for one in own):
            return known(False, f"{self._at} is outside{self._virtual(block)}")
        if gap:
            return known(False, f"{self._at} is in the exception {gap}")
        return self._counting(block, f"{self._at} is in {block_text(block)}")

    def _addresses(self, *, whole: bool) -> list[str]:
        """The one asked about, or all that a pod or node has."""
        end = self.end
        found: list[str] = []
        if whole and end.pod is not None:
            found = [as_address(address) for address in end.pod.addresses]
        elif whole and end.node is not None:
            nodes = (node for node in self.cluster.nodes if node.name == end.node)
            found = [as_address(address) for node in nodes for address in node.addresses]
        if end.address and not (found and end.pod):
            found.append(end.address)
        return found

    def _counting(self, block: AddressBlock | InSets, fact: str) -> Found:
        """What is inside, if addresses count for what the end is."""
        end = self.end
        if end.pod is not None:
            choice = block.may_match_pods
            if choice is None:
                option = self.question.options.ipblock_matches_pods
                if option == "unknown":
                    why = "whether an ipBlock matches pods is open (--ipblock-matches-pods unknown)"
                    return Found("maybe", (why,), Reason.UNSUPPORTED_FIELD)
                if option == "no":
                    return known(False, "an ipBlock does not match pods (--ipblock-matches-pods no)")
                choice = True
            return known(
                choice, fact if choice else f"{self.who} is a pod, and addresses do not stand for pods here"
            )
        if block.may_match_nodes:
            return known(True, fact)
        if end.node is not None:
            return known(False, f"{self.who} is a node, and addresses do not stand for nodes here")
        if may_be_node(end, self.cluster):
            why = f"not all nodes are described, so {self.who} may be one, for which addresses do not stand"
            return Found("maybe", (why,), Reason.NO_NODE)
        return known(True, fact)

    def _in_sets(self, peer: InSets) -> Found:
        own = self._addresses(whole=peer.whole)
        around = [s for s in self.cluster.sets if any(inside(one, cidr) for one in own for cidr in s.cidrs)]
        if not around:
            return known(False, f"{self._at} is in no set of addresses")
        found = any_of(of_set(one, peer.what, self.cluster) for one in around)
        return all_of((found, self._counting(peer, f"{self._at} is in {listed(list(map(str, around)))}")))

    def _virtual(self, block: AddressBlock) -> str:
        """That a block is just a Service's address, where it is: a rule that is meant for its backends."""
        network = ipaddress.ip_network(block.cidr, strict=False)
        address = str(network.network_address)
        for service in self.cluster.services if network.num_addresses == 1 else ():
            if address in service.cluster_ips and not service.cached:
                name = f"{service.namespace}/{service.name}"
                return (
                    f"; {address} is the address of the Service {name}, translated before policies are asked"
                )
        return ""


def inside(address: str, cidr: str) -> bool:
    return ipaddress.ip_address(address) in ipaddress.ip_network(cidr, strict=False)
