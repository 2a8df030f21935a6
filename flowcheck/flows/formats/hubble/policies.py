"""The policies that a record of Hubble says decided."""

from __future__ import annotations

from flowcheck.flows.formats.hubble.records import Flow, Policy


def references(flow: Flow) -> list[str]:
    """Denials first, as ``kind/namespace/name``."""
    lists = (flow.egress_denied_by, flow.ingress_denied_by, flow.egress_allowed_by, flow.ingress_allowed_by)
    return [_reference(policy) for policies in lists for policy in policies or () if policy.name]


def _reference(policy: Policy) -> str:
    kind = policy.kind or _derived_from(policy) or "policy"
    return f"{kind}/{policy.namespace}/{policy.name}" if policy.namespace else f"{kind}/{policy.name}"


def _derived_from(policy: Policy) -> str:
    """The kind, which releases before it had a field of its own put among the labels."""
    mark = "k8s:io.cilium.k8s.policy.derived-from="
    return next((label.removeprefix(mark) for label in policy.labels or () if label.startswith(mark)), "")
