"""Blocks of addresses, and groups of them, as the agent reads them.

``toCIDR`` and ``fromCIDR`` take bare addresses too; host bits are cleared everywhere. An exception binds its
own entry only, and its address lies inside it, however much it covers. Whether pods and nodes are matched by
their addresses, the agent's settings say: the engine sets it.

An address has the labels of every group that holds it, also two values of one key; each clause of a
cidrGroupSelector is asked of all of them. What is in no group has none, so NotIn and DoesNotExist take it.

Source: cilium v1.20 pkg/policy/api/cidr.go and rule_validation.go (netip.ParsePrefix), pkg/policy/types
CIDRSelector, pkg/policy/k8s cilium_cidr_group.go, types_cidrgroup.go.
"""

from __future__ import annotations

import ipaddress

from flowcheck.dialects.cilium.context import Context
from flowcheck.dialects.cilium.selectors import ANY, POSITIVE, Clause, read_clauses
from flowcheck.dialects.cilium.things import NOBODY
from flowcheck.manifests.fields import Field
from flowcheck.manifests.validation import Network
from flowcheck.model.labels import Operator
from flowcheck.model.peers import AllOf, AnyOf, Called, Expression, InSets, Labelled, Not, Of, Peer
from flowcheck.model.policy import AddressBlock

_KINDS = ("cidr", "cidrGroupRef", "cidrGroupSelector")


def read_block(field: Field, context: Context) -> Peer | None:
    """One entry of ``toCIDR`` or ``fromCIDR``."""
    network = _network(field, context, bare=True)
    return None if network is None else _block(network)


def read_block_rule(field: Field, context: Context) -> Peer | None:
    """One entry of ``toCIDRSet`` or ``fromCIDRSet``: a block, a group by name, or groups by their labels."""
    parts = field.mapping("cidr", "cidrGroupRef", "cidrGroupSelector", "except")
    kinds = [name for name in _KINDS if name in parts and parts[name].value != ""]
    excepts = [
        (entry, inner)
        for entry in (parts["except"].elements() if "except" in parts else [])
        if (inner := _network(entry, context)) is not None
    ]
    if len(kinds) != 1:
        context.refuse(field, "needs exactly one of cidr, cidrGroupRef, cidrGroupSelector")
        return None
    if kinds == ["cidr"]:
        network = _network(parts["cidr"], context)
        if network is None:
            return None
        for entry, inner in excepts:
            if ipaddress.ip_interface(entry.text() or "").ip not in network:
                context.refuse(entry, "must lie inside cidr")
            elif inner.prefixlen < network.prefixlen:
                return NOBODY
        return _block(network, *(inner for _, inner in excepts))
    groups: Peer
    if kinds == ["cidrGroupRef"]:
        groups = _sets(Called(parts["cidrGroupRef"].text() or ""))
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


def _network(field: Field, context: Context, *, bare: bool = False) -> Network | None:
    text = field.text()
    if text is None:
        return None
    address, slash, bits = text.partition("/")
    plain = not slash if bare else False
    if not plain and not (bits.isascii() and bits.isdigit() and str(int(bits)) == bits):
        hint = f"write {address}/{128 if ':' in address else 32} for this one address" if not slash else ""
        context.refuse(field, "is not a CIDR", hint)
        return None
    try:
        if "%" in address:
            raise ValueError
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        context.refuse(field, "is not an address or a CIDR" if bare else "is not a CIDR")
        return None
