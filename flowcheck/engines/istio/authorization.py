"""AuthorizationPolicies as the proxies of each data plane ask them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from flowcheck.engines.istio.scope import PROXIED, subject_of
from flowcheck.engines.istio.sidecar import gateway_rules, sidecar_rules
from flowcheck.engines.istio.terms import IDENTITIES, name_of
from flowcheck.engines.istio.waypoints import Waypoints, targeted
from flowcheck.engines.istio.ztunnel import ztunnel_rules
from flowcheck.model.mesh.membership import MeshSettings
from flowcheck.model.mesh.written import Authorization, AuthorizationAction, AuthorizationRule, Term
from flowcheck.model.policy import Action, Direction, Policy, Rule
from flowcheck.model.verdict import Reason

_INGRESS = frozenset({Direction.INGRESS})


def asks_identities(written: Authorization) -> bool:
    """Whether a rule of it asks who the client proves to be."""
    clauses = (clause for rule in written.rules for clause in (*rule.sources, *rule.conditions))
    return any(name_of(term) in IDENTITIES for clause in clauses for term in clause)


@dataclass(frozen=True, slots=True)
class Authorizations:
    settings: MeshSettings
    waypoints: Waypoints

    def policies(self, policy: Policy, written: Authorization) -> Iterator[Policy]:
        """What proxies make of it: nothing of an AUDIT, which refuses nothing."""
        if written.action is AuthorizationAction.AUDIT:
            return
        if written.targets:
            yield targeted(policy, written.targets, self.waypoints)
            return
        rules = (made for rule in written.rules for made in self._rules(rule, policy, written.action))
        yield replace(
            policy,
            subject=subject_of(policy, self.settings.root_namespace, PROXIED),
            isolates=_INGRESS if written.action is AuthorizationAction.ALLOW else frozenset(),
            ingress=tuple(rules),
        )

    def _rules(self, rule: AuthorizationRule, policy: Policy, action: AuthorizationAction) -> Iterator[Rule]:
        """Of a CUSTOM the answer is open, which an authorizer gives whom a sidecar or a gateway asks."""
        does = Action.ALLOW if action is AuthorizationAction.ALLOW else Action.DENY
        is_custom = action is AuthorizationAction.CUSTOM
        needs = Reason.NEEDS_L7 if is_custom else Reason.NONE
        written = Rule(rule.label, does, source=rule.source, needs=needs, written=_written(rule))
        yield from sidecar_rules(rule, written, policy.namespace, self.settings)
        if not is_custom:
            yield from ztunnel_rules(rule, written, policy.namespace, self.waypoints)
        yield from gateway_rules(rule, written, policy.namespace, self.settings)


def _written(rule: AuthorizationRule) -> tuple[str, ...]:
    """Each entry of ``from`` as it stands there, with what ``when`` asks beside it."""
    conditions = [
        f"{term.field}{' not' if term.negated else ''} in [{', '.join(term.values)}]"
        for clause in rule.conditions
        for term in clause
        if term.values
    ]
    entries = [[_field(term) for term in clause] for clause in rule.sources or ((),)]
    return tuple(text for entry in entries if (text := ", ".join([*entry, *conditions])))


def _field(term: Term) -> str:
    name = f"not{term.field[0].upper()}{term.field[1:]}" if term.negated else term.field
    return f"{name}: [{', '.join(term.values)}]"
