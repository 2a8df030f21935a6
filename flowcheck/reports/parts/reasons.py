"""Why verdicts are unknown, and what would help: the sentences that reports for people share."""

from __future__ import annotations

REASONS = {
    "unresolved_src": (
        "the source address belonged to no pod of the snapshot",
        "take the snapshot closer to the flows, or give one that spans them",
    ),
    "unresolved_dst": (
        "the destination address belonged to no pod of the snapshot",
        "take the snapshot closer to the flows, or give one that spans them",
    ),
    "ambiguous_src": (
        "several may be the source: they have its address, or a recorded pod cannot have it",
        "log pods' names or uids beside their own addresses, before translation",
    ),
    "ambiguous_dst": (
        "several may be the destination: they have its address, or a recorded pod cannot have it",
        "log pods' names or uids beside their own addresses, before translation",
    ),
    "unknown_initiator": (
        "the log does not say which end opened the connection",
        "log the initiator, or the TCP flags it is told by",
    ),
    "needs_l7": ("the deciding rule looks into the request", "an address log cannot settle it"),
    "needs_identity": (
        "the deciding rule of the mesh asks which identity the client proves",
        "take the flows from ztunnel's or Envoy's access log, which tells it, or say --mesh-identity derived",
    ),
    "needs_authentication": (
        "the deciding rule lets through only who authenticates",
        "an address log cannot settle it",
    ),
    "no_service_account": (
        "a selector asks for labels of a service account that no input describes",
        "add the ServiceAccount objects: kubectl get serviceaccounts -A -o json",
    ),
    "needs_dns": (
        "the deciding rule names a domain",
        "say which addresses its names had: --dns-map FILE, such as Hubble's records of DNS at that time",
    ),
    "unsupported_field": (
        "the deciding policy has a field that nobody can read, or an ipBlock around a pod was left open",
        "see the warnings for the policy and its field",
    ),
    "ambiguous_policy": (
        "the flow began while it is open which policies were in force, or which version of one",
        "give a snapshot from after the flows, or watch events or audit logs, which say when policies "
        "changed; --assume-unchanged DURATION takes them to stay as the last snapshot shows them",
    ),
    "no_namespace": (
        "a selector asks for labels of a namespace that no input describes",
        "add the Namespace objects: kubectl get namespaces -o json",
    ),
    "no_node": (
        "a rule asks for labels of a node that no input describes",
        "add the Node objects: kubectl get nodes -o json",
    ),
    "no_service": (
        "the destination may be the address of a Service, and the inputs lack some",
        "add them: kubectl get services,endpointslices -A -o json",
    ),
    "service_backends_differ": (
        "the log has the service address, and its backends would get different verdicts",
        "log flows behind the service translation (the backend's address)",
    ),
    "no_port": (
        "the record has no destination port and the policies depend on it",
        "--icmp policy decides protocols without ports as Calico does",
    ),
}
"""Reason: what it means, and what would help."""
