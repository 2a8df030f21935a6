"""PeerAuthentications: which ports of which workloads refuse a client that proves no identity.

A workload goes by the oldest policy that selects it by labels, alone; what that leaves unset, by the oldest
of its namespace; then by the oldest without labels in the root namespace; else anybody is let in. One with
labels in the root namespace selects nothing. Each is asked in that order, and what one settles passes the
others by.

To ztunnel DISABLE is PERMISSIVE. Where ports are set apart beneath a STRICT that is inherited, what istiod
makes of it for ztunnel is not what is documented: where the two differ it is open. To a sidecar whose mode
is DISABLE clients send plain bytes, so that what is asked of their identities is open.

Source: Istio 1.31 pilot/pkg/security/authn/policy_applier.go ComposePeerAuthentication,
pilot/pkg/serviceregistry/ambient/authorization.go convertedSelectorPeerAuthentications and
convertPeerAuthentication.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from flowcheck.engines.istio.levels import Level, contested, in_force, oldest_first
from flowcheck.engines.istio.patterns import ANYBODY
from flowcheck.engines.istio.scope import WORKLOADS, subject_of
from flowcheck.model.cluster import Pod
from flowcheck.model.mesh.tiers import PEER_AUTHENTICATION
from flowcheck.model.mesh.written import Mode
from flowcheck.model.peers import AllOf, Carries, DataPlane, Not, Presents, Where
from flowcheck.model.policy import Action, Policy, PortRange, Rule
from flowcheck.model.protocols import TCP
from flowcheck.model.verdict import Reason

_PLAINTEXT = Where(Not(Presents(ANYBODY)))
_IDENTIFIED = Where(Presents(ANYBODY))
_MOST = 1 << 20
"""More policies than one level has."""


@dataclass(frozen=True, slots=True)
class Above:
    """What a policy that selects by labels may inherit: ``mesh_strict``, unless the namespace says otherwise
    (``not_said``: it has no policy, or one that says nothing; ``unset``: it has one that says nothing)."""

    mesh_strict: bool
    own_strict: bool
    not_said: bool
    unset: bool

    @property
    def strict(self) -> bool:
        return self.own_strict or (self.mesh_strict and self.not_said)


@dataclass(frozen=True, slots=True)
class PeerAuthentications:
    """``asking``: the namespaces with policies that ask who a client proves to be."""

    root_namespace: str
    asking: frozenset[str]

    def policies(self, given: Iterable[Policy], pods: Iterable[Pod]) -> Iterator[Policy]:
        levels = oldest_first(given)
        root = self.root_namespace
        mesh = [one for one in levels if one.policy.namespace == root and not one.written.has_selector]
        yield from self._level(mesh, 2 * _MOST, list(pods), mesh, [])
        for space in dict.fromkeys(one.policy.namespace for one in levels if one.policy.namespace != root):
            own = [one for one in levels if one.policy.namespace == space]
            inside = [pod for pod in pods if pod.namespace == space]
            wide = [one for one in own if not one.written.has_selector]
            yield from self._level([one for one in own if one.written.has_selector], 0, inside, mesh, wide)
            yield from self._level(wide, _MOST, inside, mesh, wide)

    def _level(
        self, levels: list[Level], first: int, pods: list[Pod], mesh: Sequence[Level], wide: Sequence[Level]
    ) -> Iterator[Policy]:
        doubtful = list(contested(levels, pods)) if len(levels) > 1 else []
        for place, level in enumerate(levels):
            subject = subject_of(level.policy, self.root_namespace, WORKLOADS)
            unread = level in doubtful
            for older in levels[:place]:
                if older.written.mode is not Mode.UNSET or not older.meets(level):
                    continue
                taken = subject_of(older.policy, self.root_namespace, WORKLOADS)
                subject = Where(AllOf((subject.what, Not(taken.what))))
                unread = unread or not older.covers(level)
            above = _above(level, mesh, wide)
            yield replace(
                level.policy,
                tier=PEER_AUTHENTICATION,
                priority=first + place,
                subject=subject,
                unread=unread,
                ingress=tuple(self._rules(level, above)),
            )

    def _rules(self, level: Level, above: Above) -> Iterator[Rule]:
        """Once for both data planes, where they agree."""
        has_labels = level.written.has_selector
        ports = level.written.ports if has_labels else ()
        written = replace(level, written=replace(level.written, ports=ports))
        sidecar = list(_sidecar(written, self._asks(level)))
        ztunnel = list(_ztunnel(written, above))
        if sidecar == ztunnel:
            yield from sidecar
            return
        for plane, rules in ((DataPlane.SIDECAR, sidecar), (DataPlane.AMBIENT, ztunnel)):
            yield from (replace(rule, subject=Where(Carries(plane))) for rule in rules)

    def _asks(self, level: Level) -> bool:
        space = level.policy.namespace
        return (
            bool(self.asking)
            if space == self.root_namespace
            else bool(self.asking & {space, self.root_namespace})
        )


def _above(level: Level, mesh: Sequence[Level], wide: Sequence[Level]) -> Above:
    modes, may_lack = in_force(wide, level)
    return Above(
        Mode.STRICT in in_force(mesh, level)[0],
        Mode.STRICT in modes,
        may_lack or Mode.UNSET in modes,
        Mode.UNSET in modes,
    )


def _sidecar(level: Level, asks: bool) -> Iterator[Rule]:
    for number, mode in level.written.ports:
        yield from _settled(level, mode, number, asks)
    yield from _settled(level, level.written.mode, None, asks)


def _settled(level: Level, mode: Mode, number: int | None, asks: bool) -> Iterator[Rule]:
    """What a mode settles of a port, or of all that no port's own has settled; UNSET: nothing."""
    rule = _rule(level, mode, number)
    if mode is Mode.STRICT:
        yield replace(rule, action=Action.DENY, peers=(_PLAINTEXT,))
    if mode is Mode.DISABLE and asks:
        open_for = replace(rule, peers=(_IDENTIFIED,), needs=Reason.NEEDS_IDENTITY)
        yield replace(open_for, action=Action.ALLOW)
        # Another question than the first: with one name its answer would be the same.
        yield replace(open_for, action=Action.DENY, label=f"{rule.label}, as plaintext")
    if mode is not Mode.UNSET:
        yield rule


def _ztunnel(level: Level, above: Above) -> Iterator[Rule]:
    """The three cases in which istiod converts otherwise than is documented are open."""
    own, modes = level.written.mode, [mode for _, mode in level.written.ports]
    sets_apart = own is Mode.UNSET and Mode.PERMISSIVE in modes and above.mesh_strict and above.unset
    lets_in = own in (Mode.PERMISSIVE, Mode.DISABLE) and above.mesh_strict and above.not_said
    stays = own is Mode.UNSET and Mode.PERMISSIVE not in modes and above.strict
    for number, mode in level.written.ports:
        rule = _rule(level, mode, number)
        if mode is Mode.STRICT:
            yield replace(rule, action=Action.DENY, peers=(_PLAINTEXT,), unread=sets_apart or lets_in)
        if mode is Mode.DISABLE and stays:
            yield replace(rule, action=Action.DENY, peers=(_PLAINTEXT,), unread=True)
        if mode is not Mode.UNSET:
            yield rule
    if sets_apart:
        yield replace(_rule(level, own, None), peers=(_PLAINTEXT,), unread=True)
    yield from _settled(level, own, None, asks=False)


def _rule(level: Level, mode: Mode, number: int | None) -> Rule:
    """It passes by what comes after."""
    if number is None:
        return Rule(f"mtls {mode}", Action.PASS, source=level.policy.source)
    ports = (PortRange(TCP, number, number),)
    return Rule(f"portLevelMtls[{number}] {mode}", Action.PASS, None, ports, level.policy.source)
