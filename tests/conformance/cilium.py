"""Cilium's own verdicts: worlds of ``engines/cilium_policy.jsonl``, judged by an agent's settings.

Beside the form of ``tests.tools.conformance``: ends may be ``node/NAME`` (at its first address) or
``entity/...``, of which no flow tells; ``icmp_type`` stands for the port; ``cilium.options`` are the agent's.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from flowcheck.engines.cilium import enforced, options
from flowcheck.model.cluster import Cluster
from flowcheck.model.engines import CiliumSettings
from flowcheck.model.options import Options
from flowcheck.reading import load_cluster
from flowcheck.reference import Tuple5
from tests.tools.conformance import PROTOCOLS, Answer, judge, to_flow

NUMBERS = {**PROTOCOLS, "VRRP": 112, "IGMP": 2}


def settings_of(world: dict[str, Any]) -> CiliumSettings:
    given = world["cilium"].get("options", {})
    known = {
        "cidr_match_mode": frozenset(given.pop("policy-cidr-match-mode", ())),
        "enforcement": given.pop("enable-policy", "default"),
        "localhost_allowed": given.pop("allow-localhost", "auto") != "policy",
        "host_firewall": given.pop("enable-host-firewall", False),
        "node_selector_labels": given.pop("enable-node-selector-labels", False),
        "dual_stack": given.pop("ipv6", False),
    }
    assert not given, given
    return CiliumSettings(**known)


_ANYONE = {
    "from": [{"namespaces": {}}],
    "to": [{"namespaces": {}}, {"networks": ["0.0.0.0/0", "::/0"]}],
}


def _in_full(thing: dict[str, Any]) -> dict[str, Any]:
    """The worlds did not go past an API server, which refuses a ClusterNetworkPolicy's rule without peers:
    Cilium takes it for everyone, and so it says here."""
    if thing["kind"] != "ClusterNetworkPolicy":
        return thing
    spec = dict(thing["spec"])
    for direction, side in (("ingress", "from"), ("egress", "to")):
        if direction in spec:
            spec[direction] = [{side: _ANYONE[side], **rule} for rule in spec[direction]]
    return {**thing, "spec": spec}


def load(objects: list[dict[str, Any]]) -> Cluster:
    """As it is read where what the API server would refuse is left out."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "world.json")
        file.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": [*map(_in_full, objects)]}))
        return load_cluster([str(file)], keep_going=True)


def flow_of(check: dict[str, Any], cluster: Cluster) -> Tuple5:
    nodes = {f"node/{node.name}": node.addresses[0] for node in cluster.nodes if node.addresses}
    placed = {end: nodes[check[end]] for end in ("src", "dst") if check[end] in nodes}
    type_ = check.get("icmp_type")
    tweaks = {"proto": "TCP", "port": check.get("port"), **placed}
    flow = to_flow({**check, **tweaks}, cluster)
    code = None if type_ is None else 0
    fields = {**flow.__dict__, "protocol": NUMBERS[check["proto"]], "icmp_type": type_, "icmp_code": code}
    if check["proto"] not in ("TCP", "UDP", "SCTP"):
        fields["port"] = None
    return Tuple5(**fields)


def passes(check: dict[str, Any], answer: Answer, world: dict[str, Any]) -> bool:
    """What hangs on requests, authentication or names is open; anything else is as Cilium says."""
    said = {"both": answer.verdict, "egress": answer.egress, "ingress": answer.ingress}[check["dir"]]
    if said == "unknown":
        needs = {"needs_l7": "l7" in check, "needs_authentication": "auth" in check}
        text = json.dumps(world["objects"])
        needs["needs_dns"] = "toFQDNs" in text or "domainNames" in text
        return needs.get(answer.reason, False)
    return said in (("allow", "not_applicable") if check["allowed"] else ("deny",))


def failures(path: str, world: dict[str, Any]) -> list[tuple[str, Answer]]:
    """The checks of a world that come out otherwise, by one path."""
    settings = settings_of(world)
    cluster = enforced(load(world["objects"]), settings)
    checks = [check for check in world["checks"] if "entity/" not in check["src"] + check["dst"]]
    answers = judge(
        path, cluster, [flow_of(check, cluster) for check in checks], options(Options(), settings)
    )
    asked = zip(checks, answers, strict=True)
    return [(check["name"], answer) for check, answer in asked if not passes(check, answer, world)]
