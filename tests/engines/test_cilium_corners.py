"""Corners of Cilium's policies that the agent's own cases leave out, each by both paths."""

from __future__ import annotations

import pytest

from flowcheck.model.engines import CiliumSettings
from tests.engines.cilium_world import policy, read, verdicts
from tests.engines.test_cilium import DEFAULT, HTTP, PODS, TO_TWO, admin, egress, ingress
from tests.tools.conformance import PATHS

# -- groups of addresses -------------------------------------------------------------------------------------


def group(name: str, labels: str, block: str) -> str:
    return (
        "{apiVersion: cilium.io/v2, kind: CiliumCIDRGroup, "
        f"metadata: {{name: {name}, labels: {labels}}}, spec: {{externalCIDRs: [{block}]}}}}"
    )


OUTER = group("partners", "{kind: partner, region: eu}", "198.51.100.0/24")
INNER = group("scan", "{kind: scanner}", "198.51.100.128/25")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("selector", "said"),
    [
        ("{matchLabels: {kind: partner}}", "allow allow deny deny"),
        ("{matchLabels: {kind: scanner, region: eu}}", "deny allow deny deny"),
        (
            "{matchLabels: {kind: partner}, "
            "matchExpressions: [{key: kind, operator: In, values: [scanner]}]}",
            "deny allow deny deny",
        ),
        (
            "{matchLabels: {region: eu}, "
            "matchExpressions: [{key: kind, operator: NotIn, values: [scanner]}]}",
            "allow deny deny deny",
        ),
        ("{matchExpressions: [{key: region, operator: DoesNotExist}]}", "deny deny allow deny"),
        ("{}", "allow allow allow deny"),
        ("{matchLabels: {'cidrgroup:kind': partner}}", "allow allow deny deny"),
        ("{matchLabels: {'k8s:kind': partner}}", "deny deny deny deny"),
    ],
)
def test_an_address_has_the_labels_of_all_groups_that_hold_it(selector: str, said: str, path: str) -> None:
    cluster = read(OUTER, INNER, egress(f"{{toCIDRSet: [{{cidrGroupSelector: {selector}}}]}}"))
    ends = ("198.51.100.1", "198.51.100.200", "203.0.113.1", "a/two")
    assert verdicts(path, cluster, DEFAULT, *(f"a/one > {end} TCP 80" for end in ends)) == said


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("gap", "said"),
    [
        ("198.51.0.0/8", "deny deny"),  # its address lies inside, so the agent takes it: nothing is left
        ("198.51.100.77/24", "deny allow"),
        ("198.52.0.0/16", "allow allow"),  # refused
    ],
)
def test_how_far_an_exception_reaches(gap: str, said: str, path: str) -> None:
    cluster = read(egress(f"{{toCIDRSet: [{{cidr: 198.51.0.0/16, except: [{gap}]}}]}}"))
    flows = ("a/one > 198.51.100.1 TCP 80", "a/one > 198.51.1.1 TCP 80")
    assert verdicts(path, cluster, DEFAULT, *flows) == said


# -- isolation -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", PATHS)
def test_always_isolates_nodes_too_with_the_host_firewall(path: str) -> None:
    let_in = "{nodeSelector: {matchLabels: {disk: ssd}}, ingress: [{fromEntities: [world]}]}"
    cluster = read(policy(let_in, namespace=""))
    flows = ("192.0.2.1 > node/n1 TCP 22", "192.0.2.1 > node/n2 TCP 22", "node/n1 > 192.0.2.1 TCP 22")
    for host_firewall, said in ((True, "allow deny deny"), (False, "allow allow allow")):
        settings = CiliumSettings(enforcement="always", host_firewall=host_firewall)
        found = verdicts(path, cluster, settings, *flows).replace("not_applicable", "allow")
        assert found == said


# -- rules for requests --------------------------------------------------------------------------------------

ASKED = f"{{{TO_TWO}, {HTTP}}}"
NOT_ISOLATING = ", enableDefaultDeny: {egress: false}"
OTHER = policy("{endpointSelector: {}, egress: [{toEntities: [world]}]}", name="other")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("action", "more", "said"),
    [
        ("Accept", (), "allow allow"),
        ("Deny", (), "allow deny"),  # nobody is isolated, so no request is asked about
        ("Accept", (OTHER,), "needs_l7 allow"),  # another policy isolates: the proxy refuses some
        ("Deny", (OTHER,), "needs_l7 deny"),
    ],
)
def test_requests_are_asked_about_where_anything_isolates(
    action: str, more: tuple[str, ...], said: str, path: str
) -> None:
    baseline = admin("base", f"egress: [{{action: {action}, to: {PODS}}}]", "Baseline")
    cluster = read(baseline, egress(ASKED, NOT_ISOLATING), *more)
    assert verdicts(path, cluster, DEFAULT, "a/one > a/two TCP 80", "a/one > a/two TCP 81") == said


@pytest.mark.parametrize("path", PATHS)
def test_always_isolates_whose_requests_are_asked_about(path: str) -> None:
    baseline = admin("base", f"egress: [{{action: Accept, to: {PODS}}}]", "Baseline")
    let_in = policy("{endpointSelector: {}, ingress: [{fromEntities: [all]}]}", name="in")
    cluster = read(baseline, egress(ASKED, NOT_ISOLATING), let_in)
    settings = CiliumSettings(enforcement="always")
    flows = ("a/one > a/two TCP 80", "a/one > a/two TCP 81", "a/one > 192.0.2.1 TCP 80")
    assert verdicts(path, cluster, settings, *flows) == "needs_l7 allow deny"


@pytest.mark.parametrize("path", PATHS)
def test_the_own_node_is_asked_for_no_requests(path: str) -> None:
    baseline = admin("base", f"ingress: [{{action: Accept, from: {PODS}}}]", "Baseline")
    cluster = read(baseline, ingress(f"{{{HTTP}}}"))
    flows = ("node/n1 > a/one TCP 80", "node/n2 > a/one TCP 80", "a/two > a/one TCP 80")
    assert verdicts(path, cluster, DEFAULT, *flows) == "allow needs_l7 needs_l7"
    settings = CiliumSettings(localhost_allowed=False)
    assert verdicts(path, cluster, settings, *flows) == "needs_l7 needs_l7 needs_l7"


# -- two families --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("entry", "single", "dual"),
    [
        ("{toEndpoints: [{matchLabels: {'reserved:world': ''}}]}", "allow deny", "deny deny"),
        (
            "{toEndpoints: [{matchExpressions: [{key: 'reserved:world', operator: DoesNotExist}]}]}",
            "deny allow",
            "allow allow",
        ),
        ("{toEndpoints: [{matchLabels: {'reserved:world-ipv6': ''}}]}", "deny deny", "deny deny"),
        ("{toEntities: [world]}", "allow deny", "allow deny"),
        ("{toCIDR: [0.0.0.0/0]}", "allow deny", "allow deny"),
        ("{toCIDR: ['::/0']}", "deny deny", "deny deny"),
    ],
)
def test_with_two_families_the_world_has_a_label_for_each(
    entry: str, single: str, dual: str, path: str
) -> None:
    """And none that is for both."""
    cluster = read(egress(entry))
    flows = ("a/one > 192.0.2.1 TCP 80", "a/one > a/two TCP 80")
    assert verdicts(path, cluster, DEFAULT, *flows) == single
    assert verdicts(path, cluster, CiliumSettings(dual_stack=True), *flows) == dual


# -- Services ------------------------------------------------------------------------------------------------


def service(name: str, selector: str) -> str:
    spec = f"{{selector: {selector}, ports: [{{port: 80}}]}}"
    return f"{{apiVersion: v1, kind: Service, metadata: {{name: {name}, namespace: a}}, spec: {spec}}}"


def to_services(*names: str) -> str:
    listed = ", ".join(f"{{k8sService: {{serviceName: {name}, namespace: a}}}}" for name in names)
    return policy(
        f"{{endpointSelector: {{matchLabels: {{app: two}}}}, egress: [{{toServices: [{listed}]}}]}}"
    )


@pytest.mark.parametrize("path", PATHS)
def test_services_select_by_the_labels_of_identities(path: str) -> None:
    other = service("other", "{app: one, pod-template-hash: h}")
    asked = "a/two > a/one TCP 80"
    assert verdicts(path, read(other, to_services("other")), DEFAULT, asked) == "deny"
    cluster = read(other, service("plain", "{app: one}"), to_services("other", "plain"))
    assert verdicts(path, cluster, DEFAULT, asked) == "allow"


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("modes", "said"),
    [((), "deny deny allow"), (("pods",), "allow deny allow"), (("nodes",), "deny allow allow")],
)
def test_addresses_of_a_service_without_a_selector_are_blocks(
    modes: tuple[str, ...], said: str, path: str
) -> None:
    slices = (
        "{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, addressType: IPv4, metadata: "
        "{name: by-hand, namespace: a, labels: {kubernetes.io/service-name: by-hand}}, "
        "endpoints: [{addresses: [10.2.1.1]}, {addresses: [10.1.0.1]}, {addresses: [192.0.2.1]}]}"
    )
    cluster = read(service("by-hand", "null"), slices, to_services("by-hand"))
    flows = ("a/two > a/one TCP 80", "a/two > node/n1 TCP 80", "a/two > 192.0.2.1 TCP 80")
    assert verdicts(path, cluster, CiliumSettings(cidr_match_mode=frozenset(modes)), *flows) == said


# -- nodes with several addresses ----------------------------------------------------------------------------


@pytest.mark.parametrize("path", PATHS)
def test_a_node_is_taken_by_each_of_its_addresses_and_the_own_node_by_any(path: str) -> None:
    node = (
        "{apiVersion: v1, kind: Node, metadata: {name: NAME}, status: {addresses: "
        "[{type: InternalIP, address: 10.1.0.NUMBER}, {type: InternalIP, address: 'fd01::NUMBER'}]}}"
    )
    pod = (
        "{apiVersion: v1, kind: Pod, metadata: {name: six, namespace: a, labels: {app: one}}, spec: "
        "{nodeName: n4, containers: [{name: c}]}, status: {podIPs: [{ip: 10.2.4.6}, {ip: 'fd00::6'}]}}"
    )
    nodes = [node.replace("NAME", f"n{n}").replace("NUMBER", str(n)) for n in (4, 5)]
    cluster = read(*nodes, pod, egress("{toCIDR: ['fd01::/64']}"))
    settings = CiliumSettings(dual_stack=True, cidr_match_mode=frozenset({"nodes"}))
    remote = ("fd00::6 > fd01::5 TCP 80", "10.2.4.6 > 10.1.0.5 TCP 80")
    own = ("fd00::6 > fd01::4 TCP 80", "10.2.4.6 > 10.1.0.4 TCP 80")
    assert verdicts(path, cluster, settings, *remote, *own) == "allow deny allow allow"


# -- identities ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("labels", "said"),
    [((), "deny"), (("app",), "allow"), (("app", "io.cilium.k8s.policy.serviceaccount"), "deny")],
)
def test_where_labels_are_chosen_the_account_must_be_one_of_them(
    labels: tuple[str, ...], said: str, path: str
) -> None:
    account = "{matchLabels: {io.cilium.k8s.policy.serviceaccount: red}}"
    cluster = read(policy(f"{{endpointSelector: {account}, egress: [{{}}]}}"))
    assert verdicts(path, cluster, CiliumSettings(labels=labels), "a/one > a/two TCP 80") == said
