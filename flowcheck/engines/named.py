"""Rules about DNS names -> rules about the addresses that these had, where it is known which.

A name's address counts from when it is known until it no longer is. So a rule about names becomes, for
each time that some of its addresses have in common, a policy of its own, with the same name and place. Before
the first time that any name is known, and after the last, it stays a rule about names: open (needs_dns).
Of one instant :func:`joined` makes one policy of them again.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache

from flowcheck.model.cluster import Cluster
from flowcheck.model.peers import AnyOf, Peer
from flowcheck.model.policy import AddressBlock, DomainNames, Policy, Rule
from flowcheck.model.ranges import NamedAddress
from flowcheck.model.timeline import ALWAYS, BEGINNING, END, Lifetime

_PART = re.compile(r"(.*)\t(\d{6})\.(0|1\.\d+)", re.DOTALL)
"""How the tie of a part ends: the policy's own, the place of a rule, and whether it is about addresses."""
MOST_TIMES = 4096
"""Times of one rule; with more it stays open what its names stand for."""


def resolved(cluster: Cluster, names: Sequence[NamedAddress]) -> Cluster:
    """The cluster with rules about the addresses of these names in the place of those about names."""
    policies, warnings = [], []
    nodes = {address for node in cluster.nodes for address in (*node.addresses, *node.device_addresses)}
    names = [one for one in names if one.address not in nodes]
    unknown = _before_and_after(names)
    for policy in cluster.policies:
        parts = list(_resolved(policy, names, unknown))
        policies += parts or [policy]
        if not parts:
            warnings.append(
                f"{policy} ({policy.source}): the addresses of its names changed more than {MOST_TIMES:,} "
                "times, so what it says of them stays unknown (needs_dns)"
            )
    return replace(cluster, policies=tuple(policies), warnings=(*cluster.warnings, *warnings))


def joined(policies: Iterable[Policy], instant: int) -> tuple[Policy, ...]:
    """The parts that there are at one instant, together again: of each version a policy, and a rule for each
    that is written, about all the addresses that its names have then."""
    wholes: dict[tuple[Hashable, Lifetime], list[Policy]] = {}
    about: dict[Hashable, list[tuple[int, Policy]]] = {}
    there = (one for one in policies if one.lifetime.possible(instant))
    for policy in sorted(there, key=lambda one: one.order):
        part = _PART.fullmatch(policy.tie)
        whole = replace(policy, tie=part[1]) if part else policy
        if part and part[3] != "0":
            about.setdefault(whole.identity, []).append((int(part[2]), policy))
        else:
            wholes.setdefault((whole.identity, whole.lifetime), []).append(whole)
    return tuple(_together(segments, about.get(identity, ())) for (identity, _), segments in wholes.items())


def _together(segments: Sequence[Policy], parts: Sequence[tuple[int, Policy]]) -> Policy:
    """A policy of its segments in their order, and of parts about what its rules' names stand for."""
    more: dict[int, list[Peer]] = {}
    for place, part in parts:
        if part.lifetime == part.lifetime.within(segments[0].lifetime):
            more.setdefault(place, []).extend(part.egress[0].peers or ())
    rules = enumerate(rule for one in segments for rule in one.egress)
    return replace(segments[0], egress=tuple(_about(rule, more.get(place, ())) for place, rule in rules))


def _about(rule: Rule, more: Sequence[Peer]) -> Rule:
    """A rule about more addresses, or about names that are open."""
    if not more or not rule.peers:
        return rule
    addresses = [one for one in (rule.peers[-1], *more) if isinstance(one, AnyOf)]
    blocks = tuple(dict.fromkeys(block for one in addresses for block in one.parts))
    still_open = tuple(dict.fromkeys(one for one in more if isinstance(one, DomainNames)))
    named = (AnyOf(blocks),) if blocks or not still_open else ()
    return replace(rule, peers=(*rule.peers[:-1], *named, *still_open))


def span_of(names: Iterable[NamedAddress]) -> Lifetime:
    """From when until when anything is known of names; always, where all of them always had their address."""
    timed = [one.lifetime for one in names if one.lifetime != ALWAYS]
    first = min((one.sure_start for one in timed), default=BEGINNING)
    return Lifetime.exact(first, max((one.sure_end for one in timed), default=END))


def _before_and_after(names: Iterable[NamedAddress]) -> list[Lifetime]:
    """The times of which nothing is known of names."""
    span = span_of(names)
    outside = (Lifetime.exact(end=span.start), Lifetime.exact(span.end))
    return [one for one in outside if one.start < one.end]


def _resolved(policy: Policy, names: Sequence[NamedAddress], unknown: Sequence[Lifetime]) -> Iterator[Policy]:
    """The policy in as many parts as it takes; nothing where those are too many.

    It is the policy's tie that keeps each rule between those before it and those after.
    """
    if not any(_asks_names(rule) for rule in policy.egress):
        yield policy
        return
    timed = [_addresses_of(rule, names) for rule in policy.egress]
    if any(len(times) > MOST_TIMES for times in timed):
        return
    rest = [
        _without_names(rule, times.pop(ALWAYS, ())) for rule, times in zip(policy.egress, timed, strict=True)
    ]
    open_at = [unknown if _asks_names(rule) else () for rule in policy.egress]
    followed = [bool(times or open_) for times, open_ in zip(timed, open_at, strict=True)]
    if not any(followed):
        yield replace(policy, egress=tuple(rest))
    else:
        yield from _between(policy, rest, followed)
    for place, (rule, times) in enumerate(zip(policy.egress, timed, strict=True)):
        about = [(time, _blocks(addresses)) for time, addresses in times.items()]
        about += [(time, _names_in(rule)) for time in open_at[place]]
        for number, (time, peers) in enumerate(about):
            only = replace(rule, peers=peers)
            yield _part(policy, f"{_place(place)}.1.{number}", (only,), policy.lifetime.within(time))


def _between(policy: Policy, rest: Sequence[Rule], followed: Sequence[bool]) -> Iterator[Policy]:
    """The policy, cut behind each rule that others are to follow."""
    first = 0
    for place, is_followed in enumerate(followed):
        if is_followed or place == len(followed) - 1:
            rules = tuple(rest[first : place + 1])
            whole = replace(policy, egress=rules, tie=f"{policy.tie}{_place(place)}.0")
            yield whole if first == 0 else _part(policy, f"{_place(place)}.0", rules, policy.lifetime)
            first = place + 1


def _part(policy: Policy, tie: str, egress: tuple[Rule, ...], lifetime: Lifetime) -> Policy:
    """A part of a policy that isolates nobody."""
    return replace(
        policy,
        tie=policy.tie + tie,
        ingress=(),
        egress=egress,
        isolates=frozenset(),
        isolated=(),
        beside_types=(),
        lifetime=lifetime,
    )


def _place(place: int) -> str:
    return f"\t{place:06}"


def _asks_names(rule: Rule) -> bool:
    return any(isinstance(peer, DomainNames) for peer in rule.peers or ())


def _names_in(rule: Rule) -> tuple[DomainNames, ...]:
    return tuple(peer for peer in rule.peers or () if isinstance(peer, DomainNames))


def _addresses_of(rule: Rule, names: Iterable[NamedAddress]) -> dict[Lifetime, list[str]]:
    """By when they had any of the names of a rule: addresses."""
    patterns = [pattern for peer in _names_in(rule) for pattern in _patterns(peer)]
    times: dict[str, list[Lifetime]] = {}
    for one in names if patterns else ():
        if any(pattern.fullmatch(one.name) for pattern in patterns):
            times.setdefault(one.address, []).append(one.lifetime)
    found: dict[Lifetime, list[str]] = {}
    for address, lifetimes in times.items():
        for lifetime in _joined(lifetimes):
            found.setdefault(lifetime, []).append(address)
    return found


def _joined(lifetimes: Iterable[Lifetime]) -> Iterator[Lifetime]:
    """Without those that only go on with another that is sure when they begin."""
    latest: Lifetime | None = None
    for one in sorted(lifetimes):
        if latest is not None and one.sure_start <= latest.sure_end:
            end, sure_end = max(one.end, latest.end), max(one.sure_end, latest.sure_end)
            latest = Lifetime(latest.start, end, latest.sure_start, sure_end)
            continue
        if latest is not None:
            yield latest
        latest = one
    if latest is not None:
        yield latest


@lru_cache(1 << 12)
def _patterns(peer: DomainNames) -> tuple[re.Pattern[str], ...]:
    return tuple(_pattern(name.lower().removesuffix("."), deep=peer.deep) for name in peer.names)


def _pattern(name: str, *, deep: bool) -> re.Pattern[str]:
    if name == "*":
        return re.compile(r".+")
    some = r"(?:[^.]+\.)+"
    for front in ("**.", "*.") if deep else ("**.",):
        if name.startswith(front):
            return re.compile(some + _letters(name.removeprefix(front)))
    if name.startswith("*."):
        return re.compile(r"[^.]+\." + _letters(name[2:]))
    return re.compile(_letters(name))


def _letters(name: str) -> str:
    return "[^.]*".join(map(re.escape, re.split(r"\*+", name)))


def _without_names(rule: Rule, addresses: Sequence[str]) -> Rule:
    """The rule about what it names beside, and about addresses that always had one of the names."""
    if not _asks_names(rule):
        return rule
    others = tuple(peer for peer in rule.peers or () if not isinstance(peer, DomainNames))
    names = tuple(name for peer in _names_in(rule) for name in peer.names)
    return replace(rule, peers=others + _blocks(addresses), names=names)


def _blocks(addresses: Iterable[str]) -> tuple[Peer, ...]:
    """What is in the cluster never has the name of a policy."""
    blocks = tuple(
        AddressBlock(f"{address}/{128 if ':' in address else 32}", may_match_pods=False)
        for address in dict.fromkeys(addresses)
    )
    return (AnyOf(blocks),)
