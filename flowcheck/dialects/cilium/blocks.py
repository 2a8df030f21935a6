"""Blocks of addresses, and groups of them, as the agent reads them.

Host bits are cleared everywhere; a bare address the API server refuses. An exception binds its own entry
only, and its address lies inside it, however much it covers. Whether pods and nodes are matched by their
addresses, the agent's settings say: the engine sets it.

An address has the labels of every group that holds it, also two values of one key; each clause of a
cidrGroupSelector is asked of all of them. What is in no group has none, so NotIn and DoesNotExist take it.

Source: cilium v1.20 pkg/policy/api/cidr.go (format cidr: Go's net.ParseCIDR) and rule_validation.go
(netip.ParsePrefix, which takes no prefix length with a leading zero), pkg/policy/types
CIDRSelector, pkg/policy/k8s cilium_cidr_group.go, types_cidrgroup.go.
"""

from __future__ import annotations

import ipaddress

from flowcheck.dialects.cilium.context import Context
from flowcheck.dialects.cilium.selectors import ANY, POSITIVE, Clause, read_clauses
from flowcheck.dialects.cilium.things import NOBODY
from flowcheck.manifests.fields import Field
from flowcheck.manifests.validation import Network, name_fault
from flowcheck.model.labels import Operator
from flowcheck.model.peers import AllOf, AnyOf, Called, Expression, InSets, Labelled, Not, Of, Peer
from flowcheck.model.policy import AddressBlock

_KINDS = ("cidr", "cidrGroupRef", "cidrGroupSelector")


def read_block(field: Field, context: Context) -> Peer | None:
    """One entry of ``toCIDR`` or ``fromCIDR``."""
    network = _network(field, context)
    return None if network is None else _block(network)


def read_block_rule(field: Field, context: Context) -> Peer | None:
    """One entry of ``toCIDRSet`` or ``fromCIDRSet``: a block, a group by name, or groups by their labels."""
    parts = field.mapping("cidr", "cidrGroupRef", "cidrGroupSelector", "except")
    kinds = [name for name in _KINDS if name in parts]
    excepts = [
        (entry, inner)
        for entry in (parts["except"].elements() if "except" in parts else [])
        if (inner := _network(entry, context)) is not None
    ]
    if len(kinds) != 1:
        field.report("needs exactly one of cidr, cidrGroupRef, cidrGroupSelector", "one entry for each")
        return None
    if kinds == ["cidr"]:
        network = _network(parts["cidr"], context)
        if network is None:
            return None
        for entry, inner in excepts:
            if ipaddress.ip_interface(entry.text() or "").ip not in network:
                context.refuse(entry, "must lie inside cidr", f"write a part of {network}, or none")
            elif inner.prefixlen < network.prefixlen:
                return NOBODY
        return _block(network, *(inner for _, inner in excepts))
    groups: Peer
    if kinds == ["cidrGroupRef"]:
        name = parts["cidrGroupRef"].text() or ""
        if fault := name_fault(name):
            parts["cidrGroupRef"].report(fault, "write the name of a CiliumCIDRGroup")
        groups = _sets(Called(name))
    else:
        clauses = read_clauses(parts["cidrGroupSelector"], context)
        groups = AllOf((_ADDRESSES, *map(_in_groups, clauses)))
    if not excepts:
        return groups
    return AllOf((groups, Not(AnyOf(tuple(_block(inner) for _, inner in excepts)))))


def _block(network: Network, *excepts: Network) -> AddressBlock:
    return AddressBlock(
        str(network), tuple(map(str, excepts)), may_match_pods=False, may_match_nodes=False, whole=True
    )


_ADDRESSES: Peer = AnyOf((_block(ipaddress.IPv4Network("0.0.0.0/0")), _block(ipaddress.IPv6Network("::/0"))))
"""What is known by its address."""


def _in_groups(clause: Clause) -> Peer:
    """One clause, asked of all labels that an address has of groups."""
    asked, wanted = clause.asked, clause.asked.operator in POSITIVE
    if not wanted:
        asked = asked._replace(operator=Operator.IN if asked.values else Operator.EXISTS)
    holds = _sets(Labelled(Of.OWN, asked)) if clause.source in (ANY, "cidrgroup") else NOBODY
    return holds if wanted else Not(holds)


def _sets(what: Expression) -> Peer:
    return InSets(what, may_match_pods=False, may_match_nodes=False, whole=True)


def _network(field: Field, context: Context) -> Network | None:
    text = field.text()
    if text is None:
        return None
    address, slash, bits = text.partition("/")
    try:
        if "%" in address:
            raise ValueError
        own = ipaddress.ip_address(address)
        if not slash:
            field.report("is no CIDR", f"write {own}/{own.max_prefixlen} for this one address")
            return None
        if not (bits.isascii() and bits.isdigit()):
            raise ValueError
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        field.report("is no CIDR", "write one such as 10.0.0.0/8 or 2001:db8::/32")
        return None
    if str(network.prefixlen) != bits:
        context.refuse(field, "is a CIDR with zeros before its prefix length", f"write {network}")
        return None
    return network
