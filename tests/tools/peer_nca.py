"""A second opinion: ``python -m tests.tools.peer_nca --python VENV/bin/python`` asks network-config-analyzer.

The PyPI package stands in a virtual environment of its own; it is an optional oracle, not a dependency.
Random worlds of NetworkPolicies are written as YAML and read by both programs. Compared is every pair of
distinct pods, and every pod with addresses at the edges of the policies' blocks, at the ports where an answer
may change. Here pods never match an ``ipBlock`` and ICMP follows the policies, as there. docs/peers.md tells
the differences.
"""

from __future__ import annotations

import argparse
import ipaddress
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from hypothesis import HealthCheck, Phase, given, seed, settings

from flowcheck.model.cluster import Cluster, Pod
from flowcheck.model.labels import Operator, Selector
from flowcheck.model.options import Options
from flowcheck.model.policy import AddressBlock, Direction, NamedPort, Peer, PodQuery, Policy, Ports, Rule
from flowcheck.model.protocols import PROTOCOL_NAMES, PROTOCOLS
from flowcheck.reading import load_cluster
from flowcheck.reference import Tuple5
from tests.agreement.strategies import edges_of, worlds
from tests.tools.conformance import judge

PORTS = (1, 52, 53, 54, 79, 80, 81, 90, 91, 442, 443, 444, 8080, 8081, 65534, 65535)
ASKED = [(protocol, port) for protocol in PROTOCOLS.values() for port in PORTS] + [(1, None)]
OPTIONS = Options(ipblock_matches_pods="no", icmp="policy")
LINE = re.compile(r"^(\S+) => (\S+) : (.+)$")
CUBE = re.compile(r"\{protocols:([^{}]*?)(?:,dst_ports:([-,\d]+))?\}")
MAPPED = ipaddress.ip_network("::ffff:0:0/96")


# -- a world as YAML ---------------------------------------------------------------------------------


def selector_of(selector: Selector) -> dict[str, Any]:
    valued = (Operator.IN, Operator.NOT_IN)
    return {
        "matchExpressions": [
            {
                "key": r.key,
                "operator": str(r.operator),
                **({"values": sorted(r.values)} if r.operator in valued else {}),
            }
            for r in selector.requirements
        ]
    }


def peer_of(peer: Peer) -> dict[str, Any]:
    if isinstance(peer, AddressBlock):
        return {"ipBlock": {"cidr": peer.cidr, **({"except": list(peer.excepts)} if peer.excepts else {})}}
    assert isinstance(peer, PodQuery)
    if peer.namespaces is None:
        return {"podSelector": selector_of(peer.pods)}
    return {"namespaceSelector": selector_of(peer.namespaces), "podSelector": selector_of(peer.pods)}


def port_of(port: Ports) -> dict[str, Any]:
    assert port.protocol is not None
    protocol = {"protocol": PROTOCOL_NAMES[port.protocol]}
    if isinstance(port, NamedPort):
        return {**protocol, "port": port.name}
    if (port.first, port.last) == (0, 65535):
        return protocol
    return {**protocol, "port": port.first, **({"endPort": port.last} if port.last != port.first else {})}


def rule_of(rule: Rule, side: str) -> dict[str, Any]:
    """What no YAML can say, a rule for nobody, is written as one for everybody: both read the same file."""
    peers = {side: [peer_of(peer) for peer in rule.peers]} if rule.peers else {}
    return {**peers, **({"ports": [port_of(port) for port in rule.ports]} if rule.ports else {})}


def policy_of(policy: Policy) -> dict[str, Any]:
    spec = {
        "podSelector": selector_of(policy.subject.pods),
        "policyTypes": [d.title() for d in Direction if d in policy.isolates],
        "ingress": [rule_of(rule, "from") for rule in policy.ingress],
        "egress": [rule_of(rule, "to") for rule in policy.egress],
    }
    wanted = {name: value for name, value in spec.items() if value or name not in ("ingress", "egress")}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": policy.name, "namespace": policy.namespace},
        "spec": wanted,
    }


def pod_of(pod: Pod) -> dict[str, Any]:
    """A pod without addresses; each port has a container, so that one name may stand twice."""
    containers = [
        {
            "name": f"c{place}",
            "image": "example/app",
            "ports": [
                {
                    "containerPort": port.number,
                    "protocol": PROTOCOL_NAMES[port.protocol],
                    **({"name": port.name} if port.name else {}),
                }
            ],
        }
        for place, port in enumerate(pod.ports)
    ]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": pod.name, "namespace": pod.namespace, "labels": dict(pod.labels)},
        "spec": {"containers": containers or [{"name": "c", "image": "example/app"}]},
    }


def to_yaml(cluster: Cluster, empty_value: str = "") -> str:
    """All objects; ``empty_value`` stands for the empty label value."""
    objects = [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": n.name, "labels": dict(n.labels)}}
        for n in cluster.namespaces.values()
    ]
    objects += [pod_of(pod) for pod in cluster.pods]
    objects += [policy_of(policy) for policy in cluster.policies]
    return yaml.safe_dump_all(replaced(objects, empty_value), sort_keys=False)


def replaced(value: Any, empty_value: str) -> Any:
    if isinstance(value, dict):
        return {name: replaced(part, empty_value) for name, part in value.items()}
    if isinstance(value, list):
        return [replaced(part, empty_value) for part in value]
    return empty_value if value == "" else value


def plain(cluster: Cluster, one_number_a_name: bool) -> Cluster:
    """Pods only of the kind both programs know."""
    pods = []
    for pod in cluster.pods:
        ports = {(p.name, p.protocol) if one_number_a_name else p: p for p in pod.ports}
        pods.append(
            replace(pod, finished=False, host_network=False, template=False, ports=tuple(ports.values()))
        )
    return replace(cluster, pods=tuple(pods), nodes=(), services=())


# -- what the peer says ------------------------------------------------------------------------------


class Connections(NamedTuple):
    """(protocols, port ranges or None) that are allowed, or with ``but`` those that are not."""

    cubes: tuple[tuple[frozenset[str], tuple[tuple[int, int], ...] | None], ...]
    but: bool

    def allow(self, protocol: int, port: int | None) -> bool:
        name = PROTOCOL_NAMES.get(protocol, "ICMP")
        inside = any(
            name in protocols
            and (
                ranges is None or (port is not None and any(first <= port <= last for first, last in ranges))
            )
            for protocols, ranges in self.cubes
        )
        return inside is not self.but


def read_connections(text: str) -> Connections:
    if text in ("All connections", "No connections"):
        return Connections((), but=text.startswith("All"))
    cubes = []
    for names, numbers in CUBE.findall(text):
        ranges = None
        if numbers:
            bounds = [part.split("-") for part in numbers.split(",")]
            ranges = tuple((int(bound[0]), int(bound[-1])) for bound in bounds)
        cubes.append((frozenset(re.split(r",\s*", names)), ranges))
    if not cubes:
        raise ValueError(f"not read: {text}")
    return Connections(tuple(cubes), text.startswith("All but"))


class Answers:
    """The connectivity map of one world."""

    def __init__(self, text: str) -> None:
        self._lines = [found.groups() for line in text.splitlines() if (found := LINE.match(line))]
        self._read = [(src, dst, read_connections(words)) for src, dst, words in self._lines]

    def between(self, src: str, dst: str) -> list[Connections]:
        return [found for left, right, found in self._read if is_at(src, left) and is_at(dst, right)]


@cache
def is_at(end: str, text: str) -> bool:
    """Whether ``ns/pod`` or an address is what a line names: ``ns/pod[Pod]`` or ``first-last``."""
    text = text.removesuffix("[Pod]")
    if "/" in end or "/" in text:
        return text == end
    first, _, last = text.partition("-")
    low, high, address = (ipaddress.ip_address(part) for part in (first, last or first, end))
    return low.version == address.version and int(low) <= int(address) <= int(high)


def ask_peer(python: str, file: Path) -> tuple[Answers | None, str]:
    """The peer's answers, and what it printed to standard error."""
    command = [python, "-m", "nca", "--connectivity", str(file), "--resource_list", str(file)]
    done = subprocess.run(
        [*command, "-o", "txt_no_fw_rules", "--print_ipv6", "--output_endpoints", "pods"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return (Answers(done.stdout) if " => " in done.stdout or done.returncode == 0 else None), done.stderr


# -- the comparison ----------------------------------------------------------------------------------


class Difference(NamedTuple):
    flow: Tuple5
    ours: str
    theirs: bool
    decided_by: str


def flow_between(src: str, dst: str, protocol: int, port: int | None) -> Tuple5:
    names: dict[str, Any] = {}
    ends: list[str | None] = []
    for which, end in (("src", src), ("dst", dst)):
        ends.append(None if "/" in end else end)
        if "/" in end:
            names[f"{which}_namespace"], names[f"{which}_pod"] = end.split("/")
    return Tuple5(ends[0], ends[1], protocol, port, **names)


def pairs(cluster: Cluster) -> Iterator[tuple[str, str]]:
    pods = [f"{pod.namespace}/{pod.name}" for pod in cluster.pods]
    blocks = [
        peer
        for policy in cluster.policies
        for rule in (*policy.ingress, *policy.egress)
        for peer in rule.peers or ()
        if isinstance(peer, AddressBlock)
    ]
    edges = {address for the_block in blocks for address in edges_of(the_block)} | {
        "198.51.100.7",
        "2001:db9::7",
    }
    outside = [text for text in sorted(edges) if ":" not in text or ipaddress.ip_address(text) not in MAPPED]
    for one in pods:
        yield from ((one, other) for other in pods if other != one)
        for address in outside:
            yield one, address
            yield address, one


def compare(
    python: str, cluster: Cluster, folder: Path, empty_value: str
) -> tuple[int, list[Difference], str]:
    """How many questions were compared, the differences, and why the peer gave no answer (if it did not)."""
    file = folder / "world.yaml"
    file.write_text(to_yaml(cluster, empty_value))
    answers, said = ask_peer(python, file)
    if answers is None:
        return 0, [], said.strip().splitlines()[-1] if said.strip() else "no answer"
    asked = [(src, dst, protocol, port) for src, dst in pairs(cluster) for protocol, port in ASKED]
    ours = judge("compiled", load_cluster([str(file)]), [flow_between(*one) for one in asked], OPTIONS)
    found = []
    between: dict[tuple[str, str], list[Connections]] = {}
    for one, answer in zip(asked, ours, strict=True):
        src, dst, protocol, port = one
        if (src, dst) not in between:
            between[src, dst] = answers.between(src, dst)
        theirs = any(connections.allow(protocol, port) for connections in between[src, dst])
        if (answer.verdict in ("allow", "not_applicable")) is not theirs:
            by = f"{answer.egress_policy} | {answer.ingress_policy}"
            found.append(Difference(flow_between(*one), answer.verdict, theirs, by))
    return len(asked), found, ""


def random_clusters(number: int, first_seed: int, one_number_a_name: bool) -> list[Cluster]:
    drawn: list[Cluster] = []

    @seed(first_seed)
    @settings(
        max_examples=number,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(worlds(admin=False))
    def draw(world: tuple[Cluster, Options, list[Tuple5]]) -> None:
        drawn.append(plain(world[0], one_number_a_name))

    draw()
    return drawn


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="tests.tools.peer_nca", description=__doc__)
    parser.add_argument("worlds", nargs="?", type=int, default=100)
    parser.add_argument("--python", required=True, help="of the environment with network-config-analyzer")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--several-numbers", action="store_true", help="let a port name stand for several numbers"
    )
    parser.add_argument("--empty-values", action="store_true", help="let labels have the empty value")
    parser.add_argument("--show", type=int, default=3, help="differing worlds shown in full")
    chosen = parser.parse_args(arguments)
    empty_value = "" if chosen.empty_values else "none"
    clusters = random_clusters(chosen.worlds, chosen.seed, not chosen.several_numbers)

    def one(cluster: Cluster) -> tuple[int, list[Difference], str]:
        with tempfile.TemporaryDirectory() as folder:
            return compare(chosen.python, cluster, Path(folder), empty_value)

    questions, differing, silent = 0, 0, Counter[str]()
    with ThreadPoolExecutor(2) as pool:
        for cluster, (asked, differences, why) in zip(clusters, pool.map(one, clusters), strict=True):
            questions += asked
            differing += bool(differences)
            if why:
                silent[why] += 1
            if differences and differing <= chosen.show:
                shown = "\n".join(map(str, differences[:4]))
                sys.stdout.write(
                    f"{len(differences)} of {asked} differ:\n{shown}\n{to_yaml(cluster, empty_value)}\n"
                )
    sys.stdout.write(
        f"{len(clusters)} worlds, {questions} questions, {differing} worlds differ, "
        f"{sum(silent.values())} without an answer\n"
    )
    for why, times in silent.most_common(5):
        sys.stdout.write(f"  {times}: {why}\n")
    return int(differing > 0)


if __name__ == "__main__":
    raise SystemExit(main())
