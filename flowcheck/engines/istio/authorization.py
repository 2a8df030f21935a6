"""AuthorizationPolicies as the proxies of each data plane ask them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from flowcheck.engines.istio.envoy import GATEWAY, SIDECAR, WAYPOINT, Stand, envoy_rules
from flowcheck.engines.istio.scope import PROXIED, subject_of
from flowcheck.engines.istio.terms import IDENTITIES, name_of
from flowcheck.engines.istio.waypoints import Waypoints, elsewhere, gateways_of, passing
from flowcheck.engines.istio.ztunnel import ztunnel_rules
from flowcheck.model.mesh.membership import MeshSettings
from flowcheck.model.mesh.written import Authorization, AuthorizationAction, AuthorizationRule, Term
from flowcheck.model.peers import Where
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
        isolates = _INGRESS if written.action is AuthorizationAction.ALLOW else frozenset()
        whole = replace(policy, isolates=isolates)
        if written.targets:
            yield from self._targeted(whole, written)
            return
        rules = (made for rule in written.rules for made in self._of_workloads(rule, policy, written.action))
        subject = subject_of(policy, self.settings.root_namespace, PROXIED)
        yield replace(whole, subject=subject, ingress=tuple(rules))

    def _targeted(self, policy: Policy, written: Authorization) -> Iterator[Policy]:
        """Parts of one policy, told apart by ``tie``: at gateways; at waypoints, of what these record; and
        what it may change of all else."""
        targets, waypoints = written.targets, self.waypoints
        yield elsewhere(replace(policy, isolates=frozenset()), targets, waypoints)
        gateways = gateways_of(policy, targets)
        if gateways is not None:
            rules = self._by_envoys(written, policy, GATEWAY)
            yield replace(policy, subject=Where(gateways), ingress=rules, tie=f"{policy.tie}gateway")
        surely, perhaps = passing(policy, targets, waypoints, self.settings.root_namespace)
        own = replace(policy, ingress=self._by_envoys(written, policy, WAYPOINT), by_waypoint=True)
        if surely is not None:
            yield replace(own, subject=Where(surely), tie=f"{policy.tie}waypoint")
        tie = f"{policy.tie}perhaps"
        yield replace(own, subject=Where(perhaps), tie=tie, needs=Reason.NEEDS_L7)

    def _by_envoys(self, written: Authorization, policy: Policy, stand: Stand) -> tuple[Rule, ...]:
        settings, space = self.settings, policy.namespace
        return tuple(
            made
            for rule in written.rules
            for made in envoy_rules(rule, _made_of(rule, written.action), space, settings, stand)
        )

    def _of_workloads(
        self, rule: AuthorizationRule, policy: Policy, action: AuthorizationAction
    ) -> Iterator[Rule]:
        written, space = _made_of(rule, action), policy.namespace
        yield from envoy_rules(rule, written, space, self.settings, SIDECAR)
        if action is not AuthorizationAction.CUSTOM:
            yield from ztunnel_rules(rule, written, space, self.waypoints)
        yield from envoy_rules(rule, written, space, self.settings, GATEWAY)


def _made_of(rule: AuthorizationRule, action: AuthorizationAction) -> Rule:
    """What it does. Of a CUSTOM the answer is open, which an authorizer gives whom an Envoy asks."""
    does = Action.ALLOW if action is AuthorizationAction.ALLOW else Action.DENY
    needs = Reason.NEEDS_L7 if action is AuthorizationAction.CUSTOM else Reason.NONE
    return Rule(rule.label, does, source=rule.source, needs=needs, written=_written(rule))


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
