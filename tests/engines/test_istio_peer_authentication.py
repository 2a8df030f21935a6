"""Which PeerAuthentication counts, for which ports, at a sidecar and at ztunnel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import product

import pytest

from flowcheck.engines import istio
from flowcheck.engines.istio.scope import WORKLOADS, subject_of
from flowcheck.model.cluster import Cluster
from flowcheck.model.mesh.tiers import PEER_AUTHENTICATION
from flowcheck.model.peers import AllOf, Carries, DataPlane, Not, Presents, Where
from flowcheck.model.policy import Action, Policy, PortRange, Rule
from flowcheck.model.protocols import TCP
from flowcheck.model.timeline import Lifetime
from flowcheck.model.verdict import Reason

Load = Callable[..., Cluster]
PLAINTEXT = Where(Not(Presents(".*")))
IDENTIFIED = Where(Presents(".*"))
ROOT = "istio-system"
POD = """
apiVersion: v1
kind: Pod
metadata: {name: one, namespace: x, labels: {app: a, tier: b}}
---
"""


def authentication(
    name: str = "p",
    mode: str = "",
    namespace: str = "x",
    selector: str = "",
    ports: str = "",
    created: str = "2026-05-01T00:00:00Z",
) -> str:
    parts = [
        *([f"mtls: {{mode: {mode}}}"] if mode else []),
        *([f"selector: {{matchLabels: {{{selector}}}}}"] if selector else []),
        *([f"portLevelMtls: {{{ports}}}"] if ports else []),
    ]
    head = "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\n"
    meta = f"metadata: {{name: {name}, namespace: {namespace}, creationTimestamp: '{created}'}}\n"
    return f"{head}{meta}spec: {{{', '.join(parts)}}}\n---\n"


def made(load: Load, *texts: str) -> list[Policy]:
    """In the order they are asked."""
    return sorted(istio.policies(load(POD + "".join(texts))), key=lambda one: one.order)


def shown(rules: tuple[Rule, ...], plane: DataPlane) -> list[str]:
    """What a data plane asks: ``deny 80`` (of plaintext), ``pass``, with ``?`` where that is open."""
    found = []
    for rule in rules:
        if rule.subject not in (None, Where(Carries(plane))):
            continue
        assert rule.peers in (None, (PLAINTEXT,), (IDENTIFIED,))
        whom = "plaintext " if rule.peers == (PLAINTEXT,) else "identified " if rule.peers else ""
        ports = "".join(f" {one.first}" for one in rule.ports or () if isinstance(one, PortRange))
        found.append(f"{rule.action} {whom}{ports}".strip() + ("?" if rule.open_for else ""))
    return [" ".join(one.split()) for one in found]


def both(rules: tuple[Rule, ...]) -> tuple[list[str], list[str]]:
    return shown(rules, DataPlane.SIDECAR), shown(rules, DataPlane.AMBIENT)


def test_modes_of_all_levels(load: Load) -> None:
    mesh = authentication("mesh", "STRICT", ROOT)
    space = authentication("space", "PERMISSIVE")
    workload = authentication("workload", "STRICT", selector="app: a")
    found = made(load, mesh, space, workload)
    assert [one.name for one in found] == ["workload", "space", "mesh"]
    assert {one.tier for one in found} == {PEER_AUTHENTICATION}
    strict = Rule("mtls STRICT", Action.DENY, (PLAINTEXT,), source=found[0].source)
    assert found[0].ingress == (strict, replace(strict, action=Action.PASS, peers=None))
    assert both(found[1].ingress) == (["pass"], ["pass"])
    assert not any(one.isolates or one.unread for one in found)


def test_what_is_unset_is_settled_further_on(load: Load) -> None:
    (only,) = made(load, authentication("p", "UNSET"))
    assert only.ingress == ()


def test_ports(load: Load) -> None:
    ports = "'80': {mode: PERMISSIVE}, '81': {mode: UNSET}, '82': {mode: STRICT}"
    (only,) = made(load, authentication("p", "STRICT", selector="app: a", ports=ports))
    asked = ["pass 80", "deny plaintext 82", "pass 82", "deny plaintext", "pass"]
    assert both(only.ingress) == (asked, asked)
    assert only.ingress[0].ports == (PortRange(TCP, 80, 80),)
    assert [one.label for one in only.ingress] == [
        *("portLevelMtls[80] PERMISSIVE", "portLevelMtls[82] STRICT", "portLevelMtls[82] STRICT"),
        *("mtls STRICT", "mtls STRICT"),
    ]


def test_the_oldest_of_a_level_counts_as_a_whole(load: Load) -> None:
    young = authentication("a", "STRICT", selector="app: a", created="2026-05-02T00:00:00Z")
    old = authentication("b", "PERMISSIVE", selector="tier: b")
    assert [one.name for one in made(load, young, old)] == ["b", "a"]
    assert [one.name for one in made(load, old, old.replace("name: b", "name: c"))] == ["b", "c"]


def test_one_that_says_nothing_still_takes_its_workloads_from_a_younger(load: Load) -> None:
    old = authentication("a", "", selector="app: a")
    young = authentication("b", "STRICT", selector="tier: b", created="2026-05-02T00:00:00Z")
    first, second = made(load, old, young)
    cluster = load(old + young)
    taken, selected = (subject_of(one, ROOT, WORKLOADS) for one in cluster.policies)
    assert (first.ingress, first.subject) == ((), taken)
    assert (second.subject, second.unread) == (Where(AllOf((selected.what, Not(taken.what)))), False)


def test_where_it_may_be_gone_the_younger_is_open(load: Load) -> None:
    cluster = load(
        authentication("a", "", selector="app: a")
        + authentication("b", "STRICT", selector="tier: b", created="2026-05-02T00:00:00Z")
    )
    old, young = cluster.policies
    gone = replace(old, lifetime=Lifetime.exact(end=10))
    later = replace(young, lifetime=Lifetime.exact(start=20))
    for policies, unread in (((gone, young), True), ((gone, later), False)):
        found = {one.name: one for one in istio.policies(replace(cluster, policies=policies))}
        assert found["b"].unread is unread
    assert isinstance(found["b"].subject, Where)


@pytest.mark.parametrize(
    ("selector", "mode", "open_ones"),
    [("tier: b", "STRICT", 2), ("tier: c", "STRICT", 0), ("tier: b", "PERMISSIVE", 0)],
)
def test_which_is_the_older_may_be_open(load: Load, selector: str, mode: str, open_ones: int) -> None:
    one = authentication("a", "PERMISSIVE", selector="app: a", created="")
    other = authentication("b", mode, selector=selector)
    assert sum(policy.unread for policy in made(load, one, other)) == open_ones


def test_a_selector_in_the_root_namespace_selects_nothing(load: Load) -> None:
    text = authentication("p", "STRICT", ROOT, selector="app: a")
    assert made(load, text) == []
    (said,) = (one for one in istio.remarks(load(text)) if "selects nothing" in one)
    assert said.startswith("PeerAuthentication/istio-system/p selects nothing")


def test_disable_is_permissive_and_leaves_identities_open_at_a_sidecar(load: Load) -> None:
    text = authentication("p", "DISABLE")
    (only,) = made(load, text)
    assert both(only.ingress) == (["pass"], ["pass"])
    asking = (
        "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: q, namespace: x}\n"
    )
    asking += "spec: {rules: [{from: [{source: {namespaces: [z]}}]}]}\n---\n"
    first = made(load, text, asking)[0]
    assert both(first.ingress) == (["allow identified?", "deny identified?", "pass"], ["pass"])
    assert {one.needs for one in first.ingress[:2]} == {Reason.NEEDS_IDENTITY}


# -- ztunnel, beneath an inherited STRICT --------------------------------------------------------------

STRICT, PERMISSIVE, UNSET, DISABLE = "STRICT", "PERMISSIVE", "UNSET", "DISABLE"
MODES = (UNSET, PERMISSIVE, STRICT)


def documented(mesh: str | None, space: str | None, own: str, port: str) -> bool:
    """Whether plaintext is refused at a port, by precedence."""
    for mode in (port, own, space, mesh):
        if mode not in (None, UNSET):
            return mode == STRICT
    return False


def converted(mesh: str | None, space: str | None, own: str, ports: dict[int, str], at: int) -> bool:
    """Whether ztunnel refuses plaintext at a port, as convertedSelectorPeerAuthentications and
    convertPeerAuthentication say, step by step."""
    strict = mesh == STRICT
    if space not in (None, UNSET):
        strict = space == STRICT
    if own != UNSET:
        strict = own == STRICT
    modes = set(ports.values())
    if own == STRICT:
        refers = bool(modes & {PERMISSIVE, DISABLE})
    elif own in (PERMISSIVE, DISABLE) or not strict:
        refers = STRICT in modes
    else:
        refers = PERMISSIVE in modes
    denies = False
    if refers:
        strict = strict and own != STRICT and not (own == UNSET and PERMISSIVE in modes)
        exempt, apart = [], []
        for number, mode in ports.items():
            above = (own == UNSET and space == STRICT) or (space in (None, UNSET) and mesh == STRICT)
            if mode == STRICT and own != STRICT and not above:
                apart.append(number)
            lax = own == UNSET and (
                (space is not None and space != STRICT)
                or (space is None and mesh is not None and mesh != STRICT)
                or (space is None and mesh is None)
            )
            if mode in (PERMISSIVE, DISABLE) and own not in (PERMISSIVE, DISABLE) and not lax:
                exempt.append(number)
        merges = (mesh == STRICT and space in (None, UNSET, STRICT)) or space == STRICT
        refuses_rest = (own == STRICT and bool(exempt)) or (merges and bool(exempt))
        denies = at in apart or (refuses_rest and at not in exempt)
    return strict or denies


def verdicts(policies: list[Policy], plane: DataPlane, port: int) -> set[bool]:
    """Whether plaintext may be refused at a port: both, where that is open."""
    found: set[bool] = set()
    for rule in (rule for policy in policies for rule in policy.ingress):
        if rule.subject not in (None, Where(Carries(plane))) or rule.peers == (IDENTIFIED,):
            continue
        if rule.ports and rule.ports != (PortRange(TCP, port, port),):
            continue
        found.add(rule.action is Action.DENY)
        if not rule.open_for:
            return found
    return found | {False}


@pytest.mark.parametrize("own", [UNSET, PERMISSIVE, DISABLE, STRICT])
def test_every_mix_is_what_both_say_or_open(load: Load, own: str) -> None:
    """Ztunnel's verdict is never other than istiod's code makes it, and open only where that is not what is
    documented. A sidecar's is what is documented."""
    choices = (None, *MODES)
    seen = {}
    for mesh, space in product(choices, choices):
        texts = [authentication("mesh", mesh, ROOT)] if mesh else []
        texts += [authentication("space", space)] if space else []
        for one, other in ((STRICT, PERMISSIVE), (DISABLE, UNSET), (PERMISSIVE, DISABLE), (STRICT, STRICT)):
            ports = f"'80': {{mode: {one}}}, '81': {{mode: {other}}}"
            own_text = authentication("own", own, selector="app: a", ports=ports)
            policies = made(load, *texts, own_text)
            modes = {80: one, 81: other}
            for number in (80, 81, 82):
                said = documented(mesh, space, own, modes.get(number, UNSET))
                is_so = converted(mesh, space, own, modes, number)
                assert verdicts(policies, DataPlane.SIDECAR, number) == {said}
                found = verdicts(policies, DataPlane.AMBIENT, number)
                assert is_so in found, (mesh, space, modes, number)
                assert (len(found) == 2) == (said != is_so), (mesh, space, modes, number)
                seen[said, is_so] = True
    assert (len(seen) > 2) == (own != STRICT)
