"""A suggestion put together: contacts read, needs settled, a policy for each workload that was seen."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import ip_network

import numpy as np

from flowcheck import arrays as a
from flowcheck.compile import Program
from flowcheck.errors import RunError
from flowcheck.judging.contacts import Met
from flowcheck.model.cluster import Cluster
from flowcheck.model.policy import Direction
from flowcheck.model.tiers import Tier
from flowcheck.suggesting.blocks import Blocks
from flowcheck.suggesting.evidence import Reader
from flowcheck.suggesting.existing import Existing
from flowcheck.suggesting.folding import fold
from flowcheck.suggesting.found import Aside, Evidence, Kept
from flowcheck.suggesting.languages.language import Language
from flowcheck.suggesting.needs import Block, Need, Network, Pods, Policy, Tally
from flowcheck.suggesting.policies import in_blocks, rules_of, without_repeats
from flowcheck.suggesting.units import Unit, Units

BOTH = (Direction.INGRESS, Direction.EGRESS)
MOST_BLOCKS = 10_000
"""Of one policy. Source: etcd's limit of 1.5 MiB a request, at some 100 bytes of JSON a block, twice: what
kubectl applied is kept beside it."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """``everything``: policies as if there were none yet. ``directions``: those to isolate. ``unseen``: a
    policy that lets nobody in or out for workloads that were not seen, too. ``min_connections``: what was
    seen fewer times is left out. ``common``: by IP version, how many bits addresses outside must share at
    least to be one block; None: blocks hold what was seen only. ``denied_too``: allow also what policies deny
    today, though it went through. ``namespaces``: policies in these only, of which alone the log tells; none:
    in all."""

    everything: bool = False
    directions: tuple[Direction, ...] = BOTH
    unseen: bool = False
    min_connections: int = 1
    common: tuple[int | None, int | None] = (None, None)
    denied_too: bool = True
    namespaces: tuple[str, ...] = ()

    def is_here(self, unit: Unit) -> bool:
        return not self.namespaces or unit.namespace in self.namespaces


@dataclass(frozen=True, slots=True)
class Draft:
    """``seldom``: needs that ``min_connections`` left out. ``unseen``: workloads that got no policy, as no
    contact of theirs was seen. ``without_labels``: workloads that were seen and that no policy can select."""

    policies: tuple[Policy, ...]
    evidence: Evidence
    seldom: tuple[Need, ...]
    unseen: tuple[str, ...]
    without_labels: tuple[str, ...]
    wide: tuple[Unit, ...]

    @property
    def aside(self) -> dict[Aside, Tally]:
        return self.evidence.aside

    @property
    def kept(self) -> dict[Kept, Tally]:
        return self.evidence.kept


def _refuse_many(unit: Unit, needs: Iterable[Need]) -> None:
    """**Raises**: RunError where no API server would take the policy."""
    n_blocks = len({(need.direction, need.peer) for need in needs if isinstance(need.peer, Block)})
    if n_blocks > MOST_BLOCKS:
        raise RunError(
            f"a policy for {unit.name} would name {n_blocks:,} blocks of addresses outside, which no API "
            "server would store",
            hint="--common-prefix 16 joins those that have as many bits in common; --min-connections leaves "
            "out the rare",
        )


def draft(met: Met, cluster: Cluster, own: Tier, language: Language, wanted: Wanted) -> Draft:
    """The policies that allow the contacts, and no others. ``cluster``: what the program was compiled from;
    ``own``: the tier that policies of this language are in.

    **Raises**: RunError where a policy would be larger than any can be."""
    program = met.program
    units, existing = Units(program, cluster, language.sees), Existing(program, own)
    reader = Reader(
        *(program, cluster, units, existing, language),
        everything=wanted.everything,
        directions=wanted.directions,
        denied_too=wanted.denied_too,
    )
    evidence = reader.read(fold(met.rows))
    blocks = Blocks({4: wanted.common[0], 6: wanted.common[1]}, _taken(cluster, program))
    needs = in_blocks(evidence.needs.values(), blocks)
    seldom = tuple(need for need in needs if max(need.tally.connections, 1) < wanted.min_connections)
    left = {id(need) for need in seldom}
    needs = without_repeats([need for need in needs if id(need) not in left], units)
    by_unit: dict[str, list[Need]] = defaultdict(list)
    for need in needs:
        by_unit[need.subject.name].append(need)
    names = _Names((policy.namespace, policy.name) for policy in cluster.policies)
    isolated = _Isolated(program, units, existing, wanted)
    policies = []
    for name, unit in units.all.items():
        of = by_unit.get(name, [])
        asked = wanted.is_here(unit) and (name in evidence.seen or wanted.unseen)
        directions = isolated.by_suggestion(unit, of) if asked else ()
        if directions and unit.selector is not None:
            _refuse_many(unit, of)
            looks_up = name in evidence.at_dns
            policies.append(Policy(names.of(unit), unit, directions, rules_of(of, language), looks_up))
    return Draft(
        policies=tuple(policies),
        evidence=evidence,
        seldom=seldom,
        unseen=tuple(
            name for name, unit in units.all.items() if name not in evidence.seen and wanted.is_here(unit)
        ),
        without_labels=tuple(
            name for name, unit in units.all.items() if unit.selector is None and name in evidence.seen
        ),
        wide=tuple(_wide(units, policies)),
    )


def _wide(units: Units, policies: Iterable[Policy]) -> Iterator[Unit]:
    """Workloads that a policy is for, or a rule about, though what selects them selects others too."""
    found: dict[str, Unit] = {}
    for policy in policies:
        peers = (peer for rule in policy.rules for peer in rule.peers)
        for unit in (policy.unit, *(peer.unit for peer in peers if isinstance(peer, Pods))):
            if unit.others or unit.selector is None:
                found[unit.name] = unit
    return (found[name] for name in units.all if name in found)


class _Isolated:
    """Which directions a policy of a workload should isolate."""

    def __init__(self, program: Program, units: Units, existing: Existing, wanted: Wanted) -> None:
        self._existing, self._wanted = existing, wanted
        self._endpoints: dict[str, list[int]] = defaultdict(list)
        ends = program.tables.endpoints
        for endpoint in np.flatnonzero(ends[:, a.KIND] == a.KIND_POD).tolist():
            unit = units.of(endpoint)
            if unit is not None:
                self._endpoints[unit.name].append(endpoint)

    def by_suggestion(self, unit: Unit, needs: Iterable[Need]) -> tuple[Direction, ...]:
        """Those in which something is to be allowed, and those in which nothing isolates all of its pods."""
        needed = {need.direction for need in needs}
        return tuple(
            direction
            for direction in self._wanted.directions
            if self._wanted.everything or direction in needed or not self._all(unit, direction)
        )

    def _all(self, unit: Unit, direction: Direction) -> bool:
        own = self._endpoints.get(unit.name, ())
        return bool(own) and all(self._existing.isolates(endpoint, direction) for endpoint in own)


class _Names:
    """Names for policies that nobody has yet. ``taken``: (namespace, name)."""

    def __init__(self, taken: Iterable[tuple[str, str]]) -> None:
        self._taken = set(taken)

    def of(self, unit: Unit) -> str:
        _, kind, name = unit.workloads[0].split("/", 2)
        for words in ((name,), (name, kind.lower()), (name, _short(unit.workloads[0]))):
            made = "-".join(("seen", *words))
            clean = re.sub(r"[^a-z0-9.-]", "-", made.lower())[:200].rstrip("-.")
            if clean == made and (unit.namespace, clean) not in self._taken:
                break
        else:
            clean = f"{clean[:200]}-{_short(unit.workloads[0])}" if clean != made else clean
        self._taken.add((unit.namespace, clean))
        return clean


def _short(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:8]


def _taken(cluster: Cluster, program: Program) -> list[Network]:
    """Where somebody of the cluster is or may be."""
    found = [*cluster.pod_ranges(program.options.cluster_ranges)]
    found += (address for pod in cluster.pods for address in (*pod.addresses, *pod.secondary_addresses))
    for node in cluster.nodes:
        found += (*node.addresses, *node.device_addresses, *node.likely_addresses)
    for service in cluster.services:
        found += service.cluster_ips
    return [ip_network(text, strict=False) for text in dict.fromkeys(found) if text]
