"""Random worlds in Calico's language, against what its own code does with them, written once more.

The witness here works as Felix does: every end has one map of labels (``pcns.`` and ``pcsa.`` before what it
inherits), a selector stands for addresses, and rules are asked in order. It shares only the parser with the
dialect.
"""

from __future__ import annotations

import ipaddress
import json
import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flowcheck.dialects.calico.selectors import parse_selector
from flowcheck.engines.calico import enforced
from flowcheck.model.options import Options
from flowcheck.model.peers import AllOf, AnyOf, Expression, Labelled, Not
from flowcheck.reading import load_cluster
from flowcheck.reference import Tuple5
from tests.tools.conformance import PATHS, judge

WORLDS = min(int(os.environ.get("FLOWCHECK_WORLDS", "60")), 200)
Object = dict[str, Any]
NUMBERS = {"TCP": 6, "UDP": 17, "ICMP": 1}
SPACES = ("x", "w")
OUTSIDE = ("203.0.113.1", "203.0.113.200", "198.51.100.1")
CLAUSES = (
    *("has(a)", "!has(a)", "a == '1'", "a != '1'", "a in {'1', '2'}", "a not in {'2'}", "a starts with '1'"),
    *("all()", "!all()", "!(a contains '2')", "b == '1'", "has(b)"),
)
OF_PODS = (
    *("projectcalico.org/namespace == 'x'", "projectcalico.org/namespace != 'x'", "pcns.a == '1'"),
    *("projectcalico.org/serviceaccount == 'robot'", "projectcalico.org/orchestrator == 'k8s'"),
    *("!has(projectcalico.org/orchestrator)", "pcsa.a != '1'", "has(pcns.projectcalico.org/name)"),
)
OF_SPACES = ("projectcalico.org/name == 'x'", "projectcalico.org/name contains 'w'")


class Dice(random.Random):
    """A world's choices."""

    def odds(self, one_in: int) -> bool:
        return not self.randrange(one_in)

    def selector(self, more: tuple[str, ...] = ()) -> str:
        one, other = (self.choice((*CLAUSES, *more)) for _ in range(2))
        return self.choice((one, one, f"{one} && {other}", f"({one} || {other})", f"!({one} && {other})"))

    def labels(self) -> dict[str, str]:
        return {key: self.choice("12") for key in "ab" if self.odds(2)}

    def entity(self) -> Object:
        found: Object = {}
        if self.odds(2):
            found["selector"] = self.selector(OF_PODS)
        if self.odds(4):
            found["namespaceSelector"] = self.choice(("global()", "all()", self.selector(OF_SPACES)))
        if self.odds(5):
            found["notSelector"] = self.selector(OF_PODS)
        if self.odds(6):
            found["serviceAccounts"] = self.choice(
                (
                    {"names": ["robot"]},
                    {"selector": self.selector()},
                    {},
                    {"names": ["robot"], "selector": "a == '1'"},
                )
            )
        if self.odds(5):
            found["nets"] = self.sample(("10.0.0.0/24", "203.0.113.0/25", "0.0.0.0/0"), self.randrange(1, 3))
        if self.odds(6):
            found["notNets"] = [self.choice(("10.0.0.0/31", "203.0.113.128/25"))]
        return found

    def rule(self) -> Object:
        found: Object = {"action": self.choice(("Allow", "Allow", "Deny", "Pass", "Log"))}
        if self.odds(2):
            found["source"] = self.entity()
        if self.odds(2):
            found["destination"] = self.entity()
        if self.odds(3):
            found["protocol"] = self.choice(tuple(NUMBERS))
        elif self.odds(4):
            found["notProtocol"] = self.choice(tuple(NUMBERS))
        elif self.odds(8):
            nets = any("ets" in str(found.get(end)) for end in ("source", "destination"))
            found["ipVersion"] = 4 if nets else self.choice((4, 6))
        if self.odds(2) and found.get("protocol") != "ICMP":
            numbers: list[Any] = [80, "81:90"] if "protocol" in found else []
            field = self.choice(("ports", "notPorts"))
            found.setdefault("destination", {})[field] = [self.choice((*numbers, "web", "dns"))]
        return found

    def policy(self, number: int) -> Object:
        is_global = self.odds(2)
        kind = "GlobalNetworkPolicy" if is_global else "NetworkPolicy"
        kind = f"Staged{kind}" if self.odds(6) else kind
        spec: Object = {"tier": self.choice(("default", "default", "t1", "t2", "lost"))}
        if self.odds(2):
            spec["order"] = self.choice((1, 1, 2, 0.5))
        if self.odds(2):
            spec["selector"] = self.selector(OF_PODS)
        if self.odds(5):
            spec["serviceAccountSelector"] = self.selector()
        if is_global and self.odds(3):
            spec["namespaceSelector"] = self.selector(OF_SPACES)
        if self.odds(3):
            spec["types"] = self.sample(("Ingress", "Egress"), self.randrange(1, 3))
        for way, far in (("ingress", "source"), ("egress", "destination")):
            if self.odds(2):
                spec[way] = [self.rule() for _ in range(self.randrange(1, 4))]
            for rule in spec.get(way, ()):
                if self.odds(6) and "ets" not in str(rule) and "orts" not in str(rule):
                    rule[far] = {"services": {"name": "s", "namespace": self.choice(SPACES)}}
                    if not is_global and self.odds(3):
                        del rule[far]["services"]["namespace"]
        meta = {"name": self.choice((f"p{number}", f"p-{number}", f"t1.p{number}"))}
        meta |= {} if is_global else {"namespace": self.choice(SPACES)}
        return calico(kind, meta, spec)


def calico(kind: str, meta: Object, spec: Object) -> Object:
    return {"apiVersion": "projectcalico.org/v3", "kind": kind, "metadata": meta, "spec": spec}


def core(kind: str, name: str, namespace: str = "", labels: Object | None = None, **parts: Object) -> Object:
    meta = {"name": name, "labels": labels or {}, **({"namespace": namespace} if namespace else {})}
    return {"apiVersion": "v1", "kind": kind, "metadata": meta, **parts}


def world(dice: Dice) -> list[Object]:
    objects = [core("Namespace", name, labels=dice.labels()) for name in SPACES]
    for name in SPACES:
        objects += [core("ServiceAccount", one, name, dice.labels()) for one in ("default", "robot")]
    for number in range(4):
        ports = [
            {"name": "web", "containerPort": dice.choice((80, 85))},
            {"name": "dns", "containerPort": 53, "protocol": "UDP"},
        ]
        spec: Object = {
            "nodeName": "n1",
            "serviceAccountName": dice.choice(("default", "robot")),
            "containers": [{"name": "c", "ports": dice.sample(ports, dice.randrange(3))}],
        }
        status = {"phase": "Running", "podIP": f"10.0.0.{number}"}
        labels = dice.labels()
        objects.append(core("Pod", f"p{number}", SPACES[number % 2], labels, spec=spec, status=status))
    for number in range(dice.randrange(3)):
        is_global = dice.odds(2)
        meta = {"name": f"s{number}", "labels": dice.labels()} | (
            {} if is_global else {"namespace": dice.choice(SPACES)}
        )
        nets = dice.sample(("203.0.113.0/24", "10.0.0.2/31", "198.51.100.1/32"), dice.randrange(1, 3))
        objects.append(calico("GlobalNetworkSet" if is_global else "NetworkSet", meta, {"nets": nets}))
    for name in SPACES:
        objects.append(endpoints(dice, name))
    for name in ("t1", "t2"):
        spec = {"defaultAction": dice.choice(("Deny", "Pass"))} | (
            {"order": dice.choice((1, 2))} if dice.odds(2) else {}
        )
        objects.append(calico("Tier", {"name": name}, spec))
    return [*objects, *(dice.policy(number) for number in range(dice.randrange(1, 5)))]


def endpoints(dice: Dice, namespace: str) -> Object:
    """Who stands behind the Service that is called s there, ready or not."""
    addresses = dice.sample((*OUTSIDE, *(f"10.0.0.{number}" for number in range(4))), 3)
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": "s1", "namespace": namespace, "labels": {"kubernetes.io/service-name": "s"}},
        "addressType": "IPv4",
        "endpoints": [{"addresses": [one], "conditions": {"ready": dice.odds(2)}} for one in addresses],
        "ports": [{"port": dice.choice((80, 85)), "protocol": dice.choice(("TCP", "UDP"))}],
    }


# -- the witness ----------------------------------------------------------------------------------------


def holds(what: Expression, labels: dict[str, str], prefix: str, everything: bool) -> bool:
    match what:
        case AllOf(()):
            return everything
        case AllOf(parts):
            return all(holds(part, labels, prefix, everything) for part in parts)
        case AnyOf(parts):
            return any(holds(part, labels, prefix, everything) for part in parts)
        case Not(part):
            return not holds(part, labels, prefix, everything)
        case Labelled(_, clause):
            return clause._replace(key=prefix + clause.key).matches(labels)
        case _:
            raise AssertionError(what)


MARK = "every.thing"


def matches(text: str, labels: dict[str, str], prefix: str = "", everything: str = "") -> bool:
    """A selector over one map of labels; ``everything`` is the label that all() and global() ask for."""
    if text == "global()":
        return "projectcalico.org/namespace" not in labels
    plain = text.replace("all()", f"has({MARK})")
    seen = dict(labels)
    if not everything or everything in labels:
        seen[prefix + MARK] = ""
    return holds(parse_selector(plain), seen, prefix, True)


def asks_of_things(entity: Object, space: str) -> bool:
    """Whether what it takes must be known: a pod, or in a set."""
    asked = (entity.get(name) for name in ("selector", "namespaceSelector", "serviceAccounts"))
    return any(asked) or bool(space and entity.get("notSelector"))


class Witness:
    """What Calico makes of the objects."""

    def __init__(self, objects: list[Object], staged: bool) -> None:
        self.staged = staged
        of = lambda *kinds: [one for one in objects if one["kind"] in kinds]  # noqa: E731
        self.tiers = {one["metadata"]["name"]: one["spec"] for one in of("Tier")}
        self.tiers["default"] = {"order": 1e6}
        self.policies = [one for one in objects if one["kind"].endswith("NetworkPolicy")]
        spaces = {one["metadata"]["name"]: one["metadata"]["labels"] for one in of("Namespace")}
        accounts = {
            (one["metadata"]["namespace"], one["metadata"]["name"]): one["metadata"]["labels"]
            for one in of("ServiceAccount")
        }
        self.pods: dict[str, Object] = {one["status"]["podIP"]: one for one in of("Pod")}
        self.labels: dict[str, dict[str, str]] = {}
        for address, pod in self.pods.items():
            space, account = pod["metadata"]["namespace"], pod["spec"]["serviceAccountName"]
            self.labels[address] = {
                **{f"pcns.{key}": value for key, value in spaces[space].items()},
                **{f"pcsa.{key}": value for key, value in accounts[space, account].items()},
                "pcns.projectcalico.org/name": space,
                "pcsa.projectcalico.org/name": account,
                **pod["metadata"]["labels"],
                "projectcalico.org/namespace": space,
                "projectcalico.org/serviceaccount": account,
                "projectcalico.org/orchestrator": "k8s",
            }
        self.services = {
            one["metadata"]["namespace"]: (
                {address for end in one["endpoints"] for address in end["addresses"]},
                {(port["protocol"], port["port"]) for port in one["ports"]},
            )
            for one in of("EndpointSlice")
        }
        self.sets = []
        for one in of("NetworkSet", "GlobalNetworkSet"):
            labels = dict(one["metadata"]["labels"])
            if space := one["metadata"].get("namespace"):
                inherited = {f"pcns.{key}": value for key, value in spaces[space].items()}
                labels = {**inherited, "pcns.projectcalico.org/name": space, **labels}
                labels["projectcalico.org/namespace"] = space
            self.sets.append((list(map(ipaddress.ip_network, one["spec"]["nets"])), labels))

    def maps_of(self, address: str) -> Iterator[dict[str, str]]:
        """The labels of everything that has the address."""
        if address in self.labels:
            yield self.labels[address]
        for nets, labels in self.sets:
            if any(ipaddress.ip_address(address) in net for net in nets):
                yield labels

    def takes(self, entity: Object, labels: dict[str, str], space: str) -> bool:
        """Whether its selectors take a thing."""
        accounts = entity.get("serviceAccounts") or {}
        spaces, selector, but = (
            entity.get(name, "") for name in ("namespaceSelector", "selector", "notSelector")
        )
        if spaces and not matches(spaces, labels, "pcns.", "projectcalico.org/namespace"):
            return False
        if space and not spaces and labels.get("projectcalico.org/namespace") != space:
            return False
        names = accounts.get("names")
        if names and labels.get("projectcalico.org/serviceaccount") not in names:
            return False
        if accounts.get("selector") and not matches(accounts["selector"], labels, "pcsa."):
            return False
        return (not selector or matches(selector, labels)) and not (but and matches(but, labels))

    def end_matches(self, entity: Object, address: str, space: str) -> bool:
        but, asks = entity.get("notSelector", ""), asks_of_things(entity, space)
        if asks and not any(self.takes(entity, labels, space) for labels in self.maps_of(address)):
            return False
        if but and not asks and any(matches(but, labels) for labels in self.maps_of(address)):
            return False
        inside = [
            any(ipaddress.ip_address(address) in ipaddress.ip_network(net) for net in entity.get(name, ()))
            for name in ("nets", "notNets")
        ]
        return (inside[0] or not entity.get("nets")) and not inside[1]

    def port_matches(self, field: str, target: Object, flow: tuple[str, str, str, int], space: str) -> bool:
        """A name counts of pods only that the selectors take themselves."""
        _, dst, protocol, number = flow
        if protocol == "ICMP":
            return False
        has_names = dst in self.pods and (
            not asks_of_things(target, space) or self.takes(target, self.labels[dst], space)
        )
        for port in target[field]:
            if isinstance(port, int) or port[0].isdigit():
                first, _, last = str(port).partition(":")
                if int(first) <= number <= int(last or first):
                    return True
            elif has_names:
                declared = self.pods[dst]["spec"]["containers"][0]["ports"]
                if (port, protocol, number) in {
                    (one["name"], one.get("protocol", "TCP"), one["containerPort"]) for one in declared
                }:
                    return True
        return False

    def rule_matches(self, rule: Object, flow: tuple[str, str, str, int], space: str) -> bool:
        src, dst, protocol, _ = flow
        source, target = rule.get("source", {}), rule.get("destination", {})
        nowhere: tuple[set[str], set[tuple[str, int]]] = (set(), set())
        if (
            "services" in source
            and src not in self.services.get(source["services"].get("namespace", ""), nowhere)[0]
        ):
            return False
        if "services" in target:
            addresses, ports = self.services.get(target["services"].get("namespace", ""), nowhere)
            if dst not in addresses or (protocol, flow[3]) not in ports:
                return False
        return (
            rule.get("ipVersion", 4) == 4
            and rule.get("protocol", protocol) == protocol
            and rule.get("notProtocol") != protocol
            and self.end_matches(source, src, space)
            and self.end_matches(target, dst, space)
            and ("ports" not in target or self.port_matches("ports", target, flow, space))
            and not ("notPorts" in target and self.port_matches("notPorts", target, flow, space))
        )

    def selects(self, policy: Object, address: str) -> bool:
        labels, spec = self.labels[address], policy["spec"]
        space = policy["metadata"].get("namespace", "")
        of_spaces, of_accounts = spec.get("namespaceSelector", ""), spec.get("serviceAccountSelector", "")
        return (
            (not space or labels["projectcalico.org/namespace"] == space)
            and (not spec.get("selector") or matches(spec["selector"], labels))
            and (not of_spaces or matches(of_spaces, labels, "pcns."))
            and (not of_accounts or matches(of_accounts, labels, "pcsa."))
        )

    def allows(self, flow: tuple[str, str, str, int], way: str) -> bool:
        subject = flow[1] if way == "ingress" else flow[0]
        for name, policies in self.in_order():
            mine = [one for one in policies if way in types_of(one) and self.selects(one, subject)]
            action = self.first_action(mine, flow, way)
            if action in ("Allow", "Deny"):
                return action == "Allow"
            if action is None and mine and self.tiers.get(name, {}).get("defaultAction", "Deny") == "Deny":
                return False
        return True

    def in_order(self) -> Iterator[tuple[str, list[Object]]]:
        infinite = float("inf")

        def place(name: str) -> tuple[bool, float, str]:
            return name not in self.tiers, self.tiers.get(name, {}).get("order", infinite), name

        def rank(policy: Object) -> tuple[float, str]:
            meta = policy["metadata"]
            tie = f"{meta['name']}/{meta.get('namespace', '')}/{policy['kind']}"
            return policy["spec"].get("order", infinite), tie

        there = [one for one in self.policies if self.staged or not one["kind"].startswith("Staged")]
        for name in sorted({one["spec"]["tier"] for one in there}, key=place):
            yield name, sorted((one for one in there if one["spec"]["tier"] == name), key=rank)

    def first_action(self, policies: list[Object], flow: tuple[str, str, str, int], way: str) -> str | None:
        for policy in policies:
            for rule in policy["spec"].get(way, ()):
                space = policy["metadata"].get("namespace", "")
                if rule["action"] != "Log" and self.rule_matches(rule, flow, space):
                    return str(rule["action"])
        return None


def types_of(policy: Object) -> set[str]:
    spec = policy["spec"]
    if "types" in spec:
        return {one.lower() for one in spec["types"]}
    return {way for way in ("ingress", "egress") if spec.get(way)} or {"ingress"}


# -- the comparison -------------------------------------------------------------------------------------


def flows(dice: Dice) -> list[tuple[str, str, str, int]]:
    pods = [f"10.0.0.{number}" for number in range(4)]
    found = []
    for _ in range(60):
        ends = dice.sample((*pods, *OUTSIDE), 2)
        protocol = dice.choice(tuple(NUMBERS))
        number = dice.choice((80, 85, 53, 90, 91)) if protocol != "ICMP" else 0
        if set(ends) & set(pods):
            found.append((ends[0], ends[1], protocol, number))
    return found


@pytest.mark.parametrize("seed", range(WORLDS))
def test_both_ways_say_what_calico_does(seed: int, tmp_path: Path) -> None:
    dice = Dice(seed)
    objects = world(dice)
    file = tmp_path / "world.json"
    file.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))
    cluster = enforced(load_cluster([file]))
    asked, staged = flows(dice), dice.odds(2)
    witness = Witness(objects, staged)
    given = [Tuple5(src, dst, NUMBERS[protocol], number) for src, dst, protocol, number in asked]
    options = Options(icmp="policy", port_names="init", own_node="policy", staged=staged)
    for path in PATHS:
        for flow, answer in zip(asked, judge(path, cluster, given, options), strict=True):
            for way, end, said in (("egress", flow[0], answer.egress), ("ingress", flow[1], answer.ingress)):
                if end in witness.pods:
                    expected = "allow" if witness.allows(flow, way) else "deny"
                    assert said == expected, (path, way, flow, answer)
