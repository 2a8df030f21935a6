"""AuthorizationPolicy: whom it is for, and what it does with what its rules match.

ALLOW lets in what a rule matches, and with it nothing else that no other ALLOW matches. DENY refuses it.
CUSTOM asks an authorizer of the mesh's own, whose answer is in no record. AUDIT only marks it for a log.
``istio.io/dry-run: "true"`` makes an ALLOW or a DENY one that is only previewed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flowcheck.dialects.istio.form import read_labels, read_targets, refuse, top_of
from flowcheck.dialects.istio.rules import read_rules
from flowcheck.dialects.shared import as_written
from flowcheck.manifests.documents import Document
from flowcheck.manifests.fields import Field
from flowcheck.manifests.validation import DEFAULT_NAMESPACE
from flowcheck.model.mesh.tiers import ALLOW, CUSTOM, DENY
from flowcheck.model.mesh.written import Authorization, AuthorizationAction, AuthorizationRule
from flowcheck.model.peers import PodQuery
from flowcheck.model.policy import Policy

DRY_RUN = "istio.io/dry-run"
_SPEC = ("selector", "targetRef", "targetRefs", "action", "provider", "rules")
_TIERS = {AuthorizationAction.DENY: DENY, AuthorizationAction.CUSTOM: CUSTOM}
_TRUE = frozenset({"1", "t", "T", "true", "TRUE", "True"})
_FALSE = frozenset({"0", "f", "F", "false", "FALSE", "False"})
_NOT_CUSTOM = frozenset(
    {
        *("principals", "namespaces", "serviceAccounts", "trustDomains", "requestPrincipals"),
        *("source.namespace", "source.serviceAccount", "source.trustDomain", "source.principal"),
    }
)
_TOKEN = "request.auth."


def read_authorization_policy(document: Document) -> Policy:
    """One AuthorizationPolicy. Without a spec it lets nothing in."""
    place, meta = top_of(document)
    spec = place.mapping(*_SPEC) if place is not None else {}
    namespace = document.namespace or DEFAULT_NAMESPACE
    word = spec["action"].one_of(*AuthorizationAction) if "action" in spec else None
    action = AuthorizationAction(word) if word is not None else AuthorizationAction.ALLOW
    targets = read_targets(spec)
    selector = read_labels(spec.get("selector"))
    rules = read_rules(spec["rules"], action) if "rules" in spec else ()
    _check_rules(document, spec, action, rules)
    provider = _provider(spec, action)
    return Policy(
        document.kind,
        namespace,
        document.name,
        _TIERS.get(action, ALLOW),
        PodQuery(namespace=namespace, pods=selector),
        source=document.source,
        staged=_is_staged(document, meta, action),
        written=_written(spec),
        notes=tuple(_notes(action)),
        mesh=Authorization(action, rules, targets, bool(selector.requirements), provider),
    )


def _written(spec: dict[str, Field]) -> str:
    said = [f"{one}: {as_written(spec[one].value)}" for one in _SPEC[:3] if one in spec]
    return ", ".join(said) or "no selector"


def _notes(action: AuthorizationAction) -> Iterator[str]:
    if action is AuthorizationAction.AUDIT:
        yield "action AUDIT only marks what it matches for a log"


def _check_rules(
    document: Document,
    spec: dict[str, Field],
    action: AuthorizationAction,
    rules: tuple[AuthorizationRule, ...],
) -> None:
    place = spec.get("rules", document.root())
    if action in (AuthorizationAction.DENY, AuthorizationAction.CUSTOM) and not rules:
        refuse(place, f"action {action} without rules", "it never matches; {} is a rule for everything")
    if action is AuthorizationAction.ALLOW and not rules:
        place.warn("no rule of an ALLOW: no connection to what it selects is let in by it")
    if action is not AuthorizationAction.CUSTOM:
        return
    for rule in rules:
        terms = (term for clause in (*rule.sources, *rule.conditions) for term in clause)
        odd = [one.field for one in terms if one.field in _NOT_CUSTOM or one.field.startswith(_TOKEN)]
        if odd:
            refuse(place, f"{rule.label} has {odd[0]}, which CUSTOM does not know")


def _provider(spec: dict[str, Field], action: AuthorizationAction) -> str:
    parts = spec["provider"].mapping("name") if "provider" in spec else {}
    name = (parts["name"].text() or "") if "name" in parts else ""
    if action is AuthorizationAction.CUSTOM and not name and "rules" in spec:
        refuse(spec["action"], "CUSTOM needs provider.name")
    if action is not AuthorizationAction.CUSTOM and "provider" in spec:
        refuse(spec["provider"], f"a provider may not stand beside action {action}", "it is passed over")
    return name


def _is_staged(document: Document, meta: dict[Any, Any], action: AuthorizationAction) -> bool:
    """Whether its annotation says so. Proxies take what is no truth value for false."""
    annotations = meta.get("annotations")
    text = annotations.get(DRY_RUN) if isinstance(annotations, dict) else None
    if text is None:
        return False
    place = document.root().child("metadata").child("annotations").child(DRY_RUN)
    if action not in (AuthorizationAction.ALLOW, AuthorizationAction.DENY):
        refuse(place, f"an {action} cannot be a dry run")
        return False
    if text not in _TRUE | _FALSE:
        refuse(place, "is neither true nor false", "the policy is enforced")
    return text in _TRUE
