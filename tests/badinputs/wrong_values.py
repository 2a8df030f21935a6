"""Values of the right type that mean nothing, in every language that has them: ports, protocols, blocks of
addresses, labels, selectors, names, actions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from tests.badinputs import good
from tests.badinputs.inputs import BadInput, as_text, files, manifests
from tests.badinputs.wrong_types import PLACES, path_of, with_value

PORTS = (0, 65536, -1)
BLOCKS = ("10.0.0.0", "10.0.0.0/33", "10.0.0.256/8", "", "::/129", "10.0.0.0/8 ", "fe80::1%eth0/64", "web")
KEYS = ("-a", "a/", "/a", "a b", "a/b/c", "a" * 64, "\u00fc")
VALUES = ("-", "a b", "a" * 64, "a\n", "\u202e", "*")
SELECTORS = (
    *(
        "app",
        "app = 'a'",
        "app == a",
        "app == 'a",
        "app in 'a'",
        "app in {'a'",
        "has(app",
        "!",
        "(app == 'a'",
    ),
    *(
        "app == 'a' &&",
        "app == 'a' and has(b)",
        "all() ||",
        "app == 'a')",
        "app ~ 'a'",
        "app == 'a'\n|| all()",
    ),
)
SERVERS, PEER = ("spec", "podSelector"), ("spec", "ingress", 0, "from", 0)

ADDRESS = r"(is not an? (IP )?address|not an address|is no address|is not a CIDR|must be)"
BLOCK = r"(is not a CIDR|needs a prefix length|is no CIDR|is neither|must be|is not an? )"
KEY = r"a label key has|before '/' is not"
VALUE = r"a label value has"
SELECTOR = r"(expected|closing quote)"

TABLE: tuple[tuple[good.Object, PLACES, tuple[Any, ...], str], ...] = (
    (good.NETWORK_POLICY, ("spec", "ingress", 0, "ports", 0, "port"), PORTS, "must be from 1 to 65535"),
    (
        good.NETWORK_POLICY,
        ("spec", "ingress", 0, "ports", 0, "endPort"),
        (0, 65536, 80),
        "(must be from 1|below port|less than)",
    ),
    (
        good.NETWORK_POLICY,
        ("spec", "egress", 0, "ports", 0, "port"),
        ("DNS", "80", "a" * 16, "a--b", "", "\x1b[2J"),
        "port name",
    ),
    (
        good.NETWORK_POLICY,
        ("spec", "egress", 0, "ports", 0, "protocol"),
        ("udp", "ICMP", "17", ""),
        "must be TCP or UDP or SCTP",
    ),
    (
        good.NETWORK_POLICY,
        ("spec", "policyTypes"),
        (["ingress"], ["Ingress", "Both"], [""]),
        "must be Ingress or Egress",
    ),
    (good.NETWORK_POLICY, (*PEER[:-1], 1, "ipBlock", "cidr"), BLOCKS, BLOCK),
    (
        good.NETWORK_POLICY,
        (*PEER[:-1], 1, "ipBlock", "except", 0),
        ("10.0.0.0/8", "11.0.0.0/16", "fd00::/16", "x"),
        "(inside|smaller|CIDR)",
    ),
    (good.NETWORK_POLICY, (*PEER, "podSelector", "matchLabels"), tuple({key: "a"} for key in KEYS), KEY),
    (good.NETWORK_POLICY, ("spec", "podSelector", "matchLabels", "app"), VALUES, VALUE),
    (
        good.NETWORK_POLICY,
        ("spec", "podSelector", "matchExpressions", 0, "operator"),
        ("in", "Equals", "Gt", ""),
        "must be In or NotIn",
    ),
    (good.NETWORK_POLICY, ("spec", "podSelector", "matchExpressions", 0, "values"), ([],), "In needs values"),
    (good.NETWORK_POLICY, (*PEER, "ipBlock"), ({"cidr": "10.0.0.0/8"},), "has ipBlock and a selector"),
    (good.ADMIN, ("spec", "priority"), (-1, 1001), "must be from 0 to 1000"),
    (
        good.ADMIN,
        ("spec", "ingress", 0, "action"),
        ("deny", "Accept", "Log"),
        "must be Allow or Deny or Pass",
    ),
    (good.ADMIN, ("spec", "ingress", 0, "ports", 0, "portNumber", "port"), PORTS, "must be from 1 to 65535"),
    (
        good.ADMIN,
        ("spec", "ingress", 0, "from"),
        ([], [{}], [{"namespaces": {}, "pods": {}}]),
        "(must have|needs exactly one)",
    ),
    (good.CLUSTER_NETWORK_POLICY, ("spec", "tier"), ("admin", "Gold", ""), "must be Admin or Baseline"),
    (
        good.CLUSTER_NETWORK_POLICY,
        ("spec", "egress", 0, "action"),
        ("Allow", "accept"),
        "must be Accept or Deny or Pass",
    ),
    (
        good.CLUSTER_NETWORK_POLICY,
        ("spec", "egress", 0, "to"),
        ([{"networks": ["10.0.0.0/33"]}], [{"domainNames": [""]}]),
        "(CIDR|must|name)",
    ),
    (good.CALICO, ("spec", "selector"), SELECTORS, SELECTOR),
    (good.CALICO, ("spec", "ingress", 0, "source", "selector"), SELECTORS[:6], SELECTOR),
    (good.CALICO, ("spec", "ingress", 0, "source", "namespaceSelector"), SELECTORS[6:10], SELECTOR),
    (
        good.CALICO,
        ("spec", "ingress", 0, "action"),
        ("allow", "ALLOW", "Reject", ""),
        "must be Allow or Deny",
    ),
    (
        good.CALICO,
        ("spec", "ingress", 0, "protocol"),
        ("HTTP", 0, 256, ""),
        "(must be|from 1 to 255|protocol)",
    ),
    (
        good.CALICO,
        ("spec", "ingress", 0, "destination", "ports"),
        ([-1], [65536], ["9:1"], ["1:2:3"], ["1-2"], [""]),
        "(port|must be|range)",
    ),
    (good.CALICO, ("spec", "egress", 0, "destination", "nets"), tuple([text] for text in BLOCKS), BLOCK),
    (
        good.CALICO,
        ("spec", "egress", 1, "icmp"),
        ({"type": 256}, {"type": -1}, {"code": 3}),
        "(must be|has a code and no type)",
    ),
    (good.CALICO, ("spec", "egress", 1, "ipVersion"), (5, 0), "must be"),
    (good.CALICO, ("spec", "types"), (["ingress"], ["Ingress", "Ingress "]), "must be Ingress or Egress"),
    (good.CALICO_GLOBAL, ("spec", "ingress", 0, "notProtocol"), (256, "TLS"), "(must be|protocol)"),
    (good.CILIUM, ("spec", "ingress", 0, "toPorts", 0, "ports", 0, "protocol"), ("HTTP", "6"), "must be"),
    (good.CILIUM, ("spec", "ingress", 1, "fromEntities"), (["World"], ["everyone"], [""]), "must be"),
    (good.CILIUM, ("spec", "ingress", 2, "fromCIDRSet", 0, "cidr"), ("10.0.0.0/33", "x", "::1/200"), BLOCK),
    (good.CILIUM, ("spec", "egress", 0, "toCIDR"), (["10.0.0.0/-1"], ["300.0.0.0/8"]), BLOCK),
    (good.CILIUM, ("spec", "egress", 2, "icmps", 0, "fields", 0, "family"), ("ipv4", "v6"), "must be"),
    (good.ISTIO, ("spec", "action"), ("Allow", "REJECT"), "must be"),
    (good.PEER_AUTHENTICATION, ("spec", "mtls", "mode"), ("strict", "MUTUAL"), "must be"),
    (
        good.PEER_AUTHENTICATION,
        ("spec", "portLevelMtls"),
        ({"0": {"mode": "STRICT"}}, {"http": {"mode": "STRICT"}}, {"70000": {}}),
        "port|number|must be",
    ),
    (good.LINKERD_SERVER, ("spec", "port"), (0, 65536), "must be"),
    (good.LINKERD_SERVER, ("spec", "proxyProtocol"), ("http", "HTTP/3"), "must be"),
    (
        good.LINKERD_SERVER,
        SERVERS,
        ({"matchLabels": {"a b": "c"}}, {"matchExpressions": [{"key": "a"}]}),
        f"{KEY}|needs operator",
    ),
    (good.LINKERD_NETWORKS, ("spec", "networks", 0, "cidr"), ("10.0.0.0/33", "web"), BLOCK),
    (
        good.POD,
        ("status", "podIPs", 0, "ip"),
        ("10.0.0.999", "web", "10.0.0.1/24", "\u202e10.0.0.1"),
        ADDRESS,
    ),
    (good.POD, ("spec", "containers", 0, "ports", 0, "containerPort"), PORTS, "must be from 1 to 65535"),
    (
        good.POD,
        ("metadata", "name"),
        ("Web", "web_1", "\x1b[31mweb", "a\nb", "web.", "a" * 254),
        "is not a name",
    ),
    (good.POD, ("metadata", "namespace"), ("Shop", "shop/x", "\x07"), "is not a name"),
    (good.NODE, ("spec", "podCIDRs", 0), ("10.0.0.0", "x/8"), BLOCK),
    (good.SERVICE, ("spec", "ports", 0, "port"), PORTS, "must be from 1 to 65535"),
    (good.SERVICE, ("spec", "clusterIPs", 0), ("10.96.0.999", "none"), ADDRESS),
    (good.SLICE, ("endpoints", 0, "addresses"), (["10.0.0.999"],), ADDRESS),
    (good.SLICE, ("addressType",), ("ipv4", "Domain"), "must be"),
    (good.NETWORK_SET, ("spec", "nets"), (["10.0.0.0/33"], ["web"]), BLOCK),
    (good.TIER, ("spec", "defaultAction"), ("Allow", "deny"), "must be"),
    (good.IP_POOL, ("spec", "cidr"), ("10.0.0.0/33", "10.0.0.0"), BLOCK),
    (good.HTTP_ROUTE, ("spec", "rules", 0, "backendRefs", 0, "port"), (0, 65536), "must be from 1 to 65535"),
    (good.HTTP_ROUTE, ("spec", "rules", 0, "backendRefs", 0, "weight"), (-1, 1000001), "must be"),
    (good.VIRTUAL_SERVICE, ("spec", "http", 0, "route", 0, "weight"), (-1,), "must be"),
    (
        good.DESTINATION_RULE,
        ("spec", "subsets", 0, "labels"),
        ({"version": "a b"}, {"-": "a"}),
        f"{KEY}|{VALUE}",
    ),
)
"""(a good object, a place in it, what may not stand there, what is said)."""

WARNED: tuple[tuple[good.Object, PLACES, tuple[Any, ...], str], ...] = (
    (
        good.CILIUM,
        ("spec", "ingress", 0, "toPorts", 0, "ports", 0, "port"),
        ("65536", "80-90"),
        "refuses the whole policy",
    ),
    (
        good.CILIUM,
        ("spec", "endpointSelector", "matchLabels"),
        ({"a b": "c"}, {"k8s:": "c"}),
        "refuses the whole policy",
    ),
    (
        good.ISTIO,
        ("spec", "rules", 0, "to", 0, "operation", "ports"),
        (["65536"], ["http"], ["80-90"]),
        "validation refuses it",
    ),
    (
        good.ISTIO,
        ("spec", "rules", 0, "from", 0, "source", "ipBlocks"),
        (["10.0.0.0/33"], ["web"], [""]),
        "validation refuses it",
    ),
    (
        good.ISTIO,
        ("spec", "rules", 0, "when", 0, "key"),
        ("source.nowhere", "", "request.headers"),
        "validation refuses it",
    ),
    (good.LINKERD_SERVER, ("spec", "accessPolicy"), ("allow", "open"), "validation refuses it"),
    (good.LINKERD_SERVER, ("spec", "port"), ("80x y",), "no port has that name"),
    (good.CIDR_GROUP, ("spec", "externalCIDRs"), (["10.0.0.0/33"], ["x"]), "Cilium passes it over"),
    (good.ADMIN, ("spec", "ingress", 0, "ports", 0, "portNumber", "protocol"), ("", "IP"), "matches nothing"),
)
"""What an API server stores, and an engine or a webhook refuses: an object may hold it, so it is read, with a
warning."""


def _place(at: PLACES) -> str:
    """A message names the field, one below it, or one around it."""
    around = "|".join(re.escape(path_of(at[:end])) for end in range(1, len(at)))
    return rf"({around}|{re.escape(path_of(at))}.*?)"


def _texts(table: Iterable[tuple[good.Object, PLACES, tuple[Any, ...], str]]) -> Iterator[tuple[str, ...]]:
    """(name, file name, its text, the place in a regular expression, what is said)."""
    for one, at, values, said in table:
        for number, value in enumerate(values):
            file = ("a.yaml", "a.json")[number % 2]
            name = f"{good.title(one)}: {path_of(at)}: {value!r}"
            yield name, file, as_text(file, with_value(one, at, value)), _place(at), said


def _warned() -> Iterator[BadInput]:
    for name, file, text, place, said in _texts(WARNED):
        line = rf"^warning: HERE/a\.\w+:\d+ \S+ \S+: {place}: .*{said}"
        yield BadInput(name, files({file: text}), ("inventory", "{here}", "-o", "{out}"), 0, line)


INPUTS: list[BadInput] = [
    *manifests(
        (name, file, text, rf"^HERE/a\.\w+:\d+ {place}: .*({said})")
        for name, file, text, place, said in _texts(TABLE)
    ),
    *_warned(),
]
