"""Cilium's policies judged once more, as its agent does: from the documents, by labels of identities alone.

A third witness, for what is read and how it is seen: it shares nothing with either but the documents of
``tests/agreement/cilium.py``. What hangs on requests, authentication or the release is ``open``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_address, ip_network
from typing import Any, NamedTuple

from flowcheck.model.engines import CiliumSettings
from flowcheck.reference import Tuple5
from tests.agreement.cilium import GROUP, OBJECTS
from tests.engines.cilium_world import PLACES

Identity = Mapping[tuple[str, str], str]
"""Labels by source and key."""
Clause = tuple[str, str, str, list[str]]
Document = dict[str, Any]

_NAMESPACE, _CLUSTER = "io.kubernetes.pod.namespace", "io.cilium.k8s.policy.cluster"
_LABELS = "io.cilium.k8s.namespace.labels."
_API_SERVER = "10.1.0.2"
_LISTS = ("ingress", "ingressDeny", "egress", "egressDeny")
_NAMES = {address: name for name, address in PLACES.items()}
_PODS = {f"{o['metadata']['namespace']}/{o['metadata']['name']}": o for o in OBJECTS if o["kind"] == "Pod"}
_LABELS_OF = {
    (o["kind"], o["metadata"]["name"]): o["metadata"].get("labels", {}) for o in OBJECTS if o["kind"] != "Pod"
}


class End(NamedTuple):
    kind: str
    identity: Identity


def end_of(address: str, own_node: str, settings: CiliumSettings) -> End:
    """Who has an address, as a pod on that node sees it."""
    name = _NAMES.get(address, "")
    if name in _PODS:
        meta, spec = _PODS[name]["metadata"], _PODS[name]["spec"]
        labels = {("k8s", key): value for key, value in meta["labels"].items() if key != "pod-template-hash"}
        labels["k8s", _NAMESPACE] = meta["namespace"]
        labels["k8s", _CLUSTER] = "default"
        labels["k8s", "io.cilium.k8s.policy.serviceaccount"] = spec.get("serviceAccountName", "default")
        for key, value in _LABELS_OF["Namespace", meta["namespace"]].items():
            labels["k8s", _LABELS + key] = value
        return End("pod", labels)
    if not name:
        return End("world", {("reserved", "world"): ""})
    node = name.removeprefix("node/")
    labels = {("reserved", "host" if node == own_node else "remote-node"): ""}
    if address == _API_SERVER:
        labels["reserved", "kube-apiserver"] = ""
    if settings.node_selector_labels and node != own_node:
        labels |= {("node", key): value for key, value in _LABELS_OF["Node", node].items()}
    return End("node", labels)


def clauses_of(selector: Document) -> list[Clause]:
    plain = [(key, "In", [value]) for key, value in selector.get("matchLabels", {}).items()]
    full = [(e["key"], e["operator"], e.get("values", [])) for e in selector.get("matchExpressions", [])]
    return [(*split_key(key), operator, values) for key, operator, values in (*plain, *full)]


def split_key(key: str) -> tuple[str, str]:
    source, colon, rest = key.partition(":")
    return (source, rest) if colon else ("any", key)


def holds(clauses: Iterable[Clause], identity: Identity) -> bool:
    for source, key, operator, values in clauses:
        had = [v for (own, name), v in identity.items() if name == key and source in ("any", own)]
        among = any(value in values for value in had)
        if not {"In": among, "NotIn": not among, "Exists": bool(had), "DoesNotExist": not had}[operator]:
            return False
    return True


def peer_clauses(selector: Document, namespace: str) -> list[Clause]:
    """With the namespace and the cluster that are added."""
    found = clauses_of(selector)
    if any(source == "reserved" for source, *_ in found):
        return found
    named = {key for source, key, *_ in found if source in ("any", "k8s")}
    if _NAMESPACE not in named:
        if not namespace:
            found.append(("k8s", _NAMESPACE, "Exists", []))
        elif not any(key.startswith(_LABELS) for key in named):
            found.append(("k8s", _NAMESPACE, "In", [namespace]))
    if _CLUSTER not in named:
        found.append(("k8s", _CLUSTER, "In", ["default"]))
    return found


def in_block(address: str, kind: str, cidr: str, settings: CiliumSettings) -> bool:
    pods, nodes = (word in settings.cidr_match_mode for word in ("pods", "nodes"))
    whole = cidr == "0.0.0.0/0"
    counts = {"pod": pods, "node": pods and nodes if whole else nodes, "world": True}[kind]
    return counts and ip_address(address) in ip_network(cidr)


def is_entity(name: str, identity: Identity) -> bool:
    is_world = ("reserved", "world") in identity
    return {"all": True, "cluster": not is_world}.get(name, ("reserved", name) in identity)


def is_peer(
    entry: Document, address: str, end: End, namespace: str, settings: CiliumSettings, *, denies: bool
) -> bool | str | None:
    """None: the entry names none; ``open``: that hangs on the release."""
    given = [name for name in entry if name.startswith(("from", "to")) and name != "toPorts"]
    if not given:
        return None
    listed = entry[given[0]]
    match given[0].removeprefix("from").removeprefix("to"):
        case "Endpoints":
            return any(holds(peer_clauses(one, namespace), end.identity) for one in listed)
        case "Entities":
            return any(is_entity(name, end.identity) for name in listed)
        case "CIDR":
            return any(in_block(address, end.kind, cidr, settings) for cidr in listed)
        case "CIDRSet":
            return any(in_set(one, address, end.kind, settings) for one in listed)
        case "Nodes":
            remote = ("reserved", "remote-node", "Exists", [])
            asked = ([remote, *(("node", *c[1:]) for c in clauses_of(one))] for one in listed)
            return any(holds(clauses, end.identity) for clauses in asked)
        case _:
            if denies:
                return "open" if "toPorts" in entry or "icmps" in entry else False
            return is_service(listed[0], end)


def in_set(one: Document, address: str, kind: str, settings: CiliumSettings) -> bool:
    cidrs = [one["cidr"]] if "cidr" in one else GROUP["spec"]["externalCIDRs"]
    gaps = any(ip_address(address) in ip_network(gap) for gap in one.get("except", []))
    return not gaps and any(in_block(address, kind, cidr, settings) for cidr in cidrs)


def is_service(one: Document, end: End) -> bool | str:
    """Service a/s selects app: two; b/t selects nobody and has no backends."""
    if one.get("k8sService", {}).get("serviceName") == "s":
        return end.identity.get(("k8s", _NAMESPACE)) == "a" and end.identity.get(("k8s", "app")) == "two"
    return "open"


def at_ports(entry: Document, flow: Tuple5) -> bool | str | None:
    """None: the entry names none."""
    if "icmps" in entry:
        type_ = entry["icmps"][0]["fields"][0]["type"]
        return flow.protocol == 1 and (flow.icmp_type == type_ or ("open" if type_ == 0 else False))
    if "toPorts" not in entry:
        return None
    (group,) = entry["toPorts"]
    (port,) = group["ports"]
    if flow.protocol == 1 or ("protocol" in port and flow.protocol != 6):
        return False
    named = port["port"] == "web" and (flow.port, flow.protocol) == web_of(flow)
    if not named and port["port"] not in ("0", str(flow.port)):
        return False
    return "l7" if "rules" in group else True


def web_of(flow: Tuple5) -> tuple[int, int] | None:
    """What the name stands for at the destination: the last container's."""
    pod = _PODS.get(_NAMES.get(flow.dst or "", ""))
    ports = [port for c in (pod or {}).get("spec", {}).get("containers", []) for port in c.get("ports", [])]
    last = ports[-1] if ports else None
    return last and (last["containerPort"], 17 if last.get("protocol") == "UDP" else 6)


def takes(spec: Document, name: str, identity: Identity, namespace: str) -> bool:
    """Whether a spec is for this pod or node."""
    if "nodeSelector" in spec:
        labels = _LABELS_OF.get(("Node", name.removeprefix("node/")))
        return labels is not None and spec["nodeSelector"]["matchLabels"].items() <= labels.items()
    own = [("k8s", _NAMESPACE, "In", [namespace])] if namespace else []
    return name in _PODS and holds([*clauses_of(spec["endpointSelector"]), *own], identity)


def specs_in_force(policies: Iterable[Document], settings: CiliumSettings) -> Iterator[tuple[Document, str]]:
    """Each with its namespace; none of a policy that the agent refuses."""
    for policy in policies:
        specs = policy.get("specs") or [policy["spec"]]
        entries = [(spec, name, e) for spec in specs for name in _LISTS for e in spec.get(name, [])]
        names_nodes = any("fromNodes" in e or "toNodes" in e for *_, e in entries)
        for_hosts = any(
            "nodeSelector" in spec and any("rules" in group for group in e.get("toPorts", []))
            for spec, _, e in entries
        )
        empty = any(not any(spec.get(name) for name in _LISTS) for spec in specs)
        if not (empty or for_hosts or (names_nodes and not settings.node_selector_labels)):
            yield from ((spec, policy["metadata"].get("namespace", "")) for spec in specs)


def side(policies: Iterable[Document], direction: str, flow: Tuple5, settings: CiliumSettings) -> str:
    """allow, deny or open."""
    subject, peer = (flow.src, flow.dst) if direction == "egress" else (flow.dst, flow.src)
    name = _NAMES.get(subject or "", "")
    is_pod = name in _PODS
    if not is_pod and not (name and settings.host_firewall):
        return "allow"
    own_node = _PODS[name]["spec"]["nodeName"] if is_pod else name.removeprefix("node/")
    identity = end_of(subject or "", own_node, settings).identity
    end = end_of(peer or "", own_node, settings)
    isolated = settings.enforcement == "always"
    said: set[str] = set()
    for spec, namespace in specs_in_force(policies, settings):
        if not takes(spec, name, identity, namespace):
            continue
        chosen = spec.get("enableDefaultDeny", {}).get(direction, True)
        for field, denies in ((direction, False), (f"{direction}Deny", True)):
            isolated = isolated or (chosen and bool(spec.get(field)))
            for entry in spec.get(field, []):
                about = is_peer(entry, peer or "", end, namespace, settings, denies=denies)
                ports = at_ports(entry, flow)
                if about is False or ports is False or (about is None and ports is None):
                    continue
                if "open" in (about, ports) or "authentication" in entry:
                    said.add("open")
                else:
                    said.add("deny" if denies else "l7" if ports == "l7" else "allow")
    host = direction == "ingress" and is_pod and settings.localhost_allowed
    if isolated and not (host and ("reserved", "host") in end.identity):
        order, otherwise = ("deny", "open", "allow", "l7"), "deny"
    else:
        order, otherwise = ("deny", "open"), "allow"
    word = next((word for word in order if word in said), otherwise)
    return "open" if word == "l7" else word
