"""OVN's ACL log: the audit log of OVN-Kubernetes, and what Kube-OVN logs of its policies.

A record is one line of ovn-controller: one packet that met an ACL, with the ACL's name and what it decided.
The node of the pod reports it: where a pod sends (``from-lport``) an egress rule decided, where it receives
(``to-lport``) an ingress rule; older lines do not say which. ``pass`` leaves the decision to the next tier.
What an egress firewall refused, no network policy did. Only ACLs whose logging is on are there, and only so
many lines a second. Later packets of a connection are logged too, where its ACL allows and logs; a SYN that
was dropped comes again.

Source: lib/acl-log.c of ovn-org/ovn; go-controller/pkg/libovsdb/util/acl.go of ovn-kubernetes/ovn-kubernetes,
2026-08; pkg/controller/network_policy.go of kubeovn/kube-ovn; OpenShift 4.13 to 4.18, "Audit logging for
network security".
"""

from __future__ import annotations

from flowcheck.flows.formats.ovn.reading import read, recognise
from flowcheck.flows.logs.form import Format

FORMAT = Format(
    "ovn",
    "OVN ACL log",
    recognise,
    read,
    silent=(
        "bytes, and packets that were not logged",
        "names of pods",
        "connections whose ACLs do not log, and lines past the limit of a node (20 a second unless set)",
    ),
)
