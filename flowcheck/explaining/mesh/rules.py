"""A mesh's policies as one proxy has them, without the rules that are for other proxies and connections."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from flowcheck.explaining.asking.checks import check_subject
from flowcheck.explaining.question import Asked
from flowcheck.model.mesh.requests import Carried
from flowcheck.model.mesh.written import Authorization, AuthorizationAction
from flowcheck.model.peers import AllOf, Carries, DataPlane, Peer, Where
from flowcheck.model.policy import Policy, Rule


def at_proxy(policies: Iterable[Policy], plane: DataPlane, carried: Carried) -> list[Policy]:
    return [replace(policy, ingress=tuple(_rules(policy.ingress, plane, carried))) for policy in policies]


def _rules(rules: Iterable[Rule], plane: DataPlane, carried: Carried) -> Iterator[Rule]:
    for rule in rules:
        parts = list(_parts(rule.subject))
        planes = {_plane(part) for part in parts} - {None}
        rest = tuple(part for part in parts if _plane(part) is None)
        if rule.carried in (None, carried) and planes <= {plane}:
            yield replace(rule, subject=AllOf(rest) if len(rest) > 1 else rest[0] if rest else None)


def _plane(part: Peer) -> DataPlane | None:
    return part.what.plane if isinstance(part, Where) and isinstance(part.what, Carries) else None


def _parts(subject: Peer | None) -> Iterator[Peer]:
    """What all must hold of a subject."""
    if isinstance(subject, AllOf):
        for part in subject.parts:
            yield from _parts(part)
    elif isinstance(subject, Where) and isinstance(subject.what, AllOf):
        for what in subject.what.parts:
            yield from _parts(Where(what))
    elif subject is not None:
        yield subject


def passed_over(
    written: Sequence[Policy],
    asked: Sequence[Policy],
    question: Asked,
    plane: DataPlane | None,
    carried: Carried,
) -> Iterator[str]:
    """The rules that stand in policies for the destination and do not come before this connection. ``plane``
    None: a waypoint asks."""
    for policy, kept in zip(written, asked, strict=True):
        if not isinstance(policy.mesh, Authorization) or _stands_for_all(policy, policy.mesh):
            continue
        labels = {rule.label for rule in kept.ingress}
        missing = [rule for rule in policy.mesh.rules if rule.label not in labels]
        if missing and check_subject(policy, question)[0].match != "no":
            names = ", ".join(f"{policy}[{rule.label}] ({rule.source})" for rule in missing)
            yield f"not asked: {names}: {_why(policy.mesh, plane, carried)}"


def _stands_for_all(policy: Policy, written: Authorization) -> bool:
    """Whether one rule stands for whatever a policy with targetRefs may do."""
    labels = {rule.label for rule in written.rules}
    return bool(written.targets) and not any(rule.label in labels for rule in policy.ingress)


def _why(written: Authorization, plane: DataPlane | None, carried: Carried) -> str:
    if plane is DataPlane.AMBIENT and written.action is AuthorizationAction.CUSTOM:
        return "ztunnel asks no authorizer"
    if plane is DataPlane.AMBIENT:
        return "it asks for what ztunnel does not see, such as requests"
    if carried is Carried.TCP:
        return "it asks for requests, and the connection is taken for TCP"
    return "the proxy does not take it"
