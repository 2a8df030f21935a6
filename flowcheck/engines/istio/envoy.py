"""Rules of an AuthorizationPolicy as an Envoy asks them: a sidecar, a gateway, a waypoint.

A rule stands in two sets, for connections taken for bytes and for those taken for requests. Of an ALLOW,
what cannot be said of bytes takes the whole rule out of the first; of any other action only that value, so
that a DENY of requests alone denies all bytes. A rule with a key that nobody knows is in neither.

To a gateway any client may come, with TLS of its own or none: what is asked of identities is open there. A
waypoint is where a Service's clients come by tunnels: what address it takes for theirs, and which for its
own, is open.

Source: Istio 1.31 pilot/pkg/security/authz/model/model.go, builder/builder.go,
pilot/pkg/networking/core/listener_waypoint.go.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from flowcheck.engines.istio.asked import Alternatives, all_asked
from flowcheck.engines.istio.terms import ADDRESSES, IDENTITIES, Envoy, Unsaid, is_known
from flowcheck.model.mesh.membership import MeshSettings
from flowcheck.model.mesh.requests import Carried
from flowcheck.model.mesh.written import AuthorizationRule, Clause
from flowcheck.model.peers import Carries, DataPlane, Where
from flowcheck.model.policy import Action, Rule


class Stand(NamedTuple):
    """Where an Envoy stands: before whom, None everyone whom the policy is for; ``unseen`` as in
    :class:`Envoy`."""

    before: Where | None = None
    unseen: frozenset[str] = frozenset()


SIDECAR = Stand(Where(Carries(DataPlane.SIDECAR)))
GATEWAY = Stand(Where(Carries(DataPlane.GATEWAY)), IDENTITIES)
WAYPOINT = Stand(None, ADDRESSES)


def envoy_rules(
    rule: AuthorizationRule, written: Rule, namespace: str, settings: MeshSettings, stand: Stand
) -> Iterator[Rule]:
    """``written``: label, action and place of what becomes of it."""
    if not all(is_known(term.field) for clause in rule.conditions for term in clause):
        return
    lenient = written.action is not Action.ALLOW
    of: dict[Carried, list[Rule]] = {}
    for carried in Carried:
        reader = Envoy(settings, namespace, carried is Carried.HTTP, lenient, stand.unseen)
        found = _alternatives(rule, reader)
        of[carried] = [] if found is None else list(found.rules(written, stand.before, carried))
    both = [[replace(one, carried=None) for one in rules] for rules in of.values()]
    yield from both[0] if both[0] == both[1] else (one for rules in of.values() for one in rules)


def _alternatives(rule: AuthorizationRule, reader: Envoy) -> Alternatives | None:
    """None where it has no form."""
    try:
        always = all_asked(reader.asked(term) for clause in rule.conditions for term in clause)
        clients, operations = (
            tuple(all_asked(map(reader.asked, clause)) for clause in _or_everything(clauses))
            for clauses in (rule.sources, rule.operations)
        )
    except Unsaid:
        return None
    return Alternatives(clients, operations, always)


def _or_everything(clauses: tuple[Clause, ...]) -> tuple[Clause, ...]:
    return clauses or ((),)
