"""Whether one entry of a rule matches the flow, and why (not), in words: ``model/policy.py`` with reasons."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from flowcheck.counted import listed
from flowcheck.explaining.ends import Candidate
from flowcheck.explaining.question import Asked
from flowcheck.explaining.records import Check, Match
from flowcheck.explaining.words import (
    block_text,
    faults,
    port_text,
    ports_text,
    protocol_name,
    query_text,
    selector_text,
)
from flowcheck.model.cluster import NAMESPACE_NAME_LABEL, Cluster, Pod
from flowcheck.model.labels import Selector
from flowcheck.model.policy import (
    AddressBlock,
    Anyone,
    Direction,
    DomainNames,
    NamedPort,
    NodeQuery,
    Peer,
    PodQuery,
    Policy,
    PortRange,
    Ports,
    Rule,
)
from flowcheck.model.protocols import WITH_PORTS
from flowcheck.model.verdict import Reason


def together(checks: Iterable[Check]) -> Match:
    """Entries of one list are alternatives."""
    matches = {check.match for check in checks}
    return "yes" if "yes" in matches else "maybe" if "maybe" in matches else "no"


def check_peers(rule: Rule, question: Asked) -> tuple[Check, ...]:
    """Absent peers are everybody, an empty list is nobody. Where the rule cannot be read they only may be."""
    if rule.peers is None:
        found = [Check("yes", "everyone")]
    elif not rule.peers:
        found = [Check("no", "nobody", "the rule has no peer that is understood")]
    else:
        found = [check_peer(peer, question) for peer in rule.peers]
    return tuple(_in_doubt(check, "part of the rule") if rule.unread else check for check in found)


def check_subject(policy: Policy, question: Asked) -> Check:
    """Whether a policy is for the subject; perhaps, where its selector cannot be read."""
    assert isinstance(policy.subject, PodQuery)  # see question.is_explained
    found = check_query(policy.subject, question.subject, question.subject_word, question.cluster)
    return _in_doubt(found, "part of the subject") if policy.unread else found


def _in_doubt(check: Check, what: str) -> Check:
    why = f"{what} cannot be read (see the warnings)"
    return check if check.match == "no" else Check("maybe", check.text, why, Reason.UNSUPPORTED_FIELD)


def check_ports(rule: Rule, question: Asked) -> tuple[Check, ...]:
    """Absent ports are every port and protocol, an empty list is none."""
    if rule.ports is None:
        return (Check("yes", "every port"),)
    if not rule.ports:
        return (Check("no", "no port"),)
    return tuple(check_port(ports, question) for ports in rule.ports)


def check_peer(peer: Peer, question: Asked) -> Check:
    end, who = question.peer, question.peer_word
    match peer:
        case PodQuery():
            return check_query(peer, end, who, question.cluster)
        case AddressBlock():
            return _check_block(peer, question)
        case NodeQuery():
            return _check_node(peer, end, who, question.cluster)
        case DomainNames():
            what = f"domain names {', '.join(peer.names)}"
            if question.direction is Direction.EGRESS and end.pod is None and end.node is None:
                return Check("maybe", what, "an address does not tell its domain", Reason.NEEDS_DNS)
            return Check("no", what, f"{who} is in the cluster")
        case Anyone():
            return Check("yes", "everyone (the rule has a peer of an unknown kind and fails closed)")
        case _:
            raise AssertionError(f"no sentence for {peer}: see question.is_explained")


def check_query(query: PodQuery, end: Candidate, who: str, cluster: Cluster) -> Check:
    """Whether a pod query takes the end; perhaps, where it asks for labels that no input tells."""
    what = query_text(query)
    if end.pod is None:
        other = f"{_what_else(end)}, not a pod" if end.node is None else f"a node, {_HOST}"
        return Check("no", what, f"{who} is {other}")
    namespace = end.pod.namespace
    labels, described = cluster.namespace_labels(end.pod)
    found, unknown = [], []
    if query.namespace is not None and query.namespace != namespace:
        found.append(f"{who} is in namespace {namespace}")
    if query.namespaces is not None:
        clauses = query.namespaces.requirements
        unknown = [c.key for c in clauses if not described and c.key not in labels]
        known = Selector(tuple(c for c in clauses if c.key not in unknown))
        if any(not c.matches(labels) and c.key == NAMESPACE_NAME_LABEL for c in known.requirements):
            found.append(f"{who} is in namespace {namespace}")
        else:
            found += faults(known, labels, f"namespace {namespace}")
    if query.namespace is None and query.namespaces is None:
        found.append("it selects nobody")
    found += faults(query.pods, end.pod.labels, who)
    if unknown and not found:
        why = f"no input describes namespace {namespace}, so its label {listed(unknown)} is not known"
        return Check("maybe", what, why, Reason.NO_NAMESPACE)
    return _check(not found, what, "; ".join(found))


_HOST = "which selectors do not select (an ipBlock does)"


def _what_else(end: Candidate) -> str:
    return "on a network beside the cluster's" if end.secondary else "outside the cluster"


def _check_node(query: NodeQuery, end: Candidate, who: str, cluster: Cluster) -> Check:
    """Whether a node query takes the end. Where no node is described, any address outside may be one's."""
    what = f"nodes with {selector_text(query.nodes)}" if query.nodes.requirements else "all nodes"
    if end.pod is not None or end.secondary or (end.node is None and cluster.lists_nodes):
        return Check("no", what, f"{who} is no node")
    if end.node is None:
        return Check("maybe", what, f"not all nodes are described, so {who} may be one", Reason.NO_NODE)
    node = next((one for one in cluster.nodes if one.name == end.node and one.described), None)
    if node is not None:
        wrong = faults(query.nodes, node.labels, who)
        return _check(not wrong, what, "; ".join(wrong))
    if query.nodes.must_match({}):
        return Check("yes", what)
    why = f"no input describes node {end.node}, so its labels are not known"
    return Check("maybe", what, why, Reason.NO_NODE)


def _check_block(block: AddressBlock, question: Asked) -> Check:
    """A block against the peer's address; whether it counts for pods is the language's or the option's."""
    end, what = question.peer, block_text(block)
    if end.address is None:
        return _check(False, what, f"{question.peer_word} has no known address")
    if not _inside(end.address, block.cidr):
        return _check(False, what, f"{end.address} is outside{_virtual(block, question.cluster)}")
    gap = exception_of(block, end.address)
    if gap:
        return _check(False, what, f"{end.address} is in the exception {gap}")
    choice = "yes" if block.may_match_pods else question.options.ipblock_matches_pods
    if end.pod is None or choice == "yes":
        return _check(True, what, "")
    if choice == "no":
        return _check(False, what, "an ipBlock does not match pods (--ipblock-matches-pods no)")
    why = "whether an ipBlock matches pods is open (--ipblock-matches-pods unknown)"
    return Check("maybe", what, why, Reason.UNSUPPORTED_FIELD)


def _virtual(block: AddressBlock, cluster: Cluster) -> str:
    """That a block is just a Service's address, where it is: a rule that is meant for its backends."""
    network = ipaddress.ip_network(block.cidr, strict=False)
    address = str(network.network_address)
    for service in cluster.services if network.num_addresses == 1 else ():
        if address in service.cluster_ips and not service.cached:
            name = f"{service.namespace}/{service.name}"
            return f"; {address} is the address of the Service {name}, translated before policies are asked"
    return ""


def exception_of(block: AddressBlock, address: str) -> str:
    """The exception that takes an address out of a block it lies in; empty where there is none."""
    if not _inside(address, block.cidr):
        return ""
    return next((gap for gap in block.excepts if _inside(address, gap)), "")


def check_port(ports: Ports, question: Asked) -> Check:
    what, asked = ports_text(ports), port_text(question.port, question.protocol)
    if question.protocol not in WITH_PORTS or question.port is None:
        return _check(False, what, f"{asked} has no ports")
    if isinstance(ports, PortRange):
        matches = ports.protocol == question.protocol and ports.first <= question.port <= ports.last
        return _check(matches, what, f"the flow goes to {asked}")
    assert isinstance(ports, NamedPort)
    return _check_name(ports, question, what, asked)


def _check_name(ports: NamedPort, question: Asked, what: str, asked: str) -> Check:
    """A name is looked up on the destination pod, whichever side the rule is on."""
    end = question.destination
    if end.pod is None:
        return _check(False, what, "the destination is no pod, so the name means nothing there")
    declared = [port for port in end.pod.ports if port.name == ports.name]
    if not declared:
        named = ", ".join(f"{p.name}={port_text(p.number, p.protocol)}" for p in end.pod.ports if p.name)
        why = f"the destination has no port of that name (it has {named or 'none'}): nothing matches there"
        return _check(False, what, why + _of_service(question, end.pod, ports.name))
    means = ", ".join(port_text(port.number, port.protocol) for port in declared)
    right = [p for p in declared if ports.protocol in (None, p.protocol)]
    matches = any((p.number, p.protocol) == (question.port, question.protocol) for p in right)
    if matches:
        return Check("yes", f"{what}, which is {means} on the destination")
    if not right:
        wanted = protocol_name(ports.protocol or 0)
        return _check(False, what, f"on the destination it is {means}, and the rule wants {wanted}")
    return _check(False, what, f"on the destination it is {means}, not {asked}")


def _of_service(question: Asked, pod: Pod, name: str) -> str:
    """Policies know a port's name in the pod's containers, people often that in the Service."""
    named = [
        service
        for service in question.cluster.services
        if service.namespace == pod.namespace and any(port.name == name for port in service.ports)
    ]
    return f"; {name} is a port of {named[0]}, which does not count" if named else ""


def _check(matches: bool, what: str, why: str) -> Check:
    return Check("yes", what) if matches else Check("no", what, why)


def _inside(address: str, cidr: str) -> bool:
    return ipaddress.ip_address(address) in ipaddress.ip_network(cidr, strict=False)
