"""Needs -> rules: addresses are put into blocks, nothing is said twice, peers with the same ports are one."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from ipaddress import ip_address

from flowcheck.model.policy import Direction
from flowcheck.suggesting.blocks import Blocks
from flowcheck.suggesting.languages.language import Language
from flowcheck.suggesting.needs import Block, Entity, Need, Network, Peer, Pods, Rule, stretches
from flowcheck.suggesting.units import Units


def in_blocks(needs: Iterable[Need], blocks: Blocks) -> list[Need]:
    """The same, those alike but for the address joined where their addresses make a block. Nodes' addresses
    make blocks of their own."""
    alike: dict[object, list[Need]] = defaultdict(list)
    joined: dict[object, Need] = {}
    for need in needs:
        if isinstance(need.peer, Block):
            ends = (need.subject.name, need.direction, need.peer.of_nodes, need.protocol, need.port)
            alike[ends].append(need)
        else:
            joined[need.place] = need
    for those in alike.values():
        networks = [need.peer.network for need in those if isinstance(need.peer, Block)]
        block_of: dict[Network, Network] = blocks.of(networks)
        for need in those:
            assert isinstance(need.peer, Block)
            peer = replace(need.peer, network=block_of[need.peer.network])
            wider = Need(need.subject, need.direction, peer, need.protocol, need.port)
            joined.setdefault((*wider.place, peer.of_nodes), wider).join(need)
    return sorted(joined.values(), key=lambda need: need.place)


def without_repeats(needs: Sequence[Need], units: Units) -> list[Need]:
    """Without those whose every contact others allow already: selectors may take pods of other workloads. The
    rarest go first."""
    by_rule: dict[tuple[str, Direction, int, int], list[Need]] = defaultdict(list)
    for need in needs:
        by_rule[need.subject.name, need.direction, need.protocol, need.port].append(need)
    allowed: dict[int, list[object]] = defaultdict(list)
    times: Counter[object] = Counter()
    for need in needs:
        for atom in need.atoms:
            known = (need.direction, need.protocol, need.port, atom)
            if times[known]:
                continue
            for other in _allowing(need, atom, by_rule, units):
                allowed[id(other)].append(known)
                times[known] += 1
    kept = []
    for need in sorted(needs, key=lambda one: (one.tally.connections, one.tally.records, one.place)):
        if all(times[known] > 1 for known in allowed[id(need)]):
            times.subtract(allowed[id(need)])
        else:
            kept.append(need)
    return sorted(kept, key=lambda need: need.place)


def _allowing(
    need: Need,
    atom: tuple[int, int | str],
    by_rule: dict[tuple[str, Direction, int, int], list[Need]],
    units: Units,
) -> Iterable[Need]:
    """The needs that allow one contact of one side, the need itself among them."""
    own, other = atom
    subjects = units.selecting(own)
    peers = {unit.name for unit in units.selecting(other)} if isinstance(other, int) else set()
    if len(subjects) == 1 and (len(peers) == 1 or not isinstance(other, int)):
        return (need,)
    asked = (by_rule[unit.name, need.direction, need.protocol, need.port] for unit in subjects)
    return (one for those in asked for one in those if _takes(one.peer, need.peer, other, peers))


def _takes(peer: Peer, own: Peer, other: int | str, peers: Collection[str]) -> bool:
    match peer:
        case Pods(unit):
            return unit.name in peers
        case Entity():
            return peer == own
        case Block(network, of_nodes):
            if not isinstance(other, str) or not isinstance(own, Block) or of_nodes != own.of_nodes:
                return False
            address = ip_address(other.rpartition(" ")[2])
            return address.version == network.version and address in network


def rules_of(needs: Iterable[Need], language: Language) -> tuple[Rule, ...]:
    """The rules of one policy: peers that may use the same ports are one, as far as the language has it."""
    ports: dict[tuple[Direction, Peer, int], list[Need]] = defaultdict(list)
    for need in needs:
        apart = need.protocol if language.one_protocol else -1
        ports[need.direction, need.peer, apart].append(need)
    alike: dict[object, list[tuple[Peer, list[Need]]]] = defaultdict(list)
    for (direction, peer, _), those in ports.items():
        asked = frozenset((need.protocol, need.port) for need in those)
        alike[direction, language.beside(peer), asked].append((peer, those))
    found = []
    for entries in alike.values():
        entries.sort(key=lambda entry: str(entry[0]))
        own = tuple(need for _, those in entries for need in those)
        asked_for = stretches({(need.protocol, need.port) for need in own})
        found.append(Rule(own[0].direction, tuple(peer for peer, _ in entries), asked_for, own))
    return tuple(sorted(found, key=lambda rule: (rule.direction, [*map(str, (*rule.peers, *rule.ports))])))
