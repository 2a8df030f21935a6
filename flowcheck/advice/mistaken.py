"""Objects that would be passed over though a policy was meant: misspelt kinds, policies in a template."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

import msgspec

from flowcheck.errors import ManifestError
from flowcheck.kinds import BESIDE_POLICIES, KINDS, POLICY_KINDS, Role, is_known, language_of
from flowcheck.manifests.documents import Document

_BUILT_IN = ("", "apps", "batch", "extensions")
_VERSIONS = {
    "": "v1",
    "policy.networking.k8s.io": "policy.networking.k8s.io/v1alpha2",
    "cilium.io": "cilium.io/v2",
    "policy.linkerd.io": "policy.linkerd.io/v1alpha1",
    "projectcalico.org": "projectcalico.org/v3",
}
_ENGINES = ("cilium.io", "projectcalico.org", "crd.projectcalico.org")
"""Groups with many kinds that are not read, and new ones in each release: only what is near is mistaken."""
_NEAR = 0.85
"""No kind of theirs that is not read is as near as that to one that is."""


class _Template(msgspec.Struct):
    objects: Any = None


def hides_policies(document: Document) -> bool:
    """Whether it is an OpenShift template with a policy in it. Source: template.openshift.io/v1 Template."""
    if document.kind != "Template" or document.group not in ("", "template.openshift.io"):
        return False
    try:
        objects = document.decode(_Template).objects
    except ManifestError:
        return True
    return any(
        isinstance(one, dict) and str(one.get("kind")) in POLICY_KINDS
        for one in (objects if isinstance(objects, list) else ())
    )


def misspelt(document: Document) -> str:
    """What a kind that is not read may have been meant as: one lost policy makes every verdict wrong."""
    group, kind = document.group, document.kind
    if group in _ENGINES:
        return _of_engine(group, kind)
    ordered = sorted(KINDS, key=lambda one: one.role is not Role.POLICY)
    known = [(one.group, one.kind) for one in ordered if one.kind.lower() == kind.lower()]
    groups = [] if is_known(group) else [g for g, _ in known]
    near = get_close_matches(group, groups, 1, cutoff=0.9)
    if known and (near or group in _BUILT_IN or group.endswith(".k8s.io")):
        right = next(((g, k) for g, k in known if g in (group, *near)), known[0])
        return f"write apiVersion: {_VERSIONS.get(right[0], right[0] + '/v1')}, kind: {right[1]}"
    if group in BESIDE_POLICIES and kind not in BESIDE_POLICIES[group]:
        meant = (one.kind for one in KINDS if one.group == group and one.role is Role.POLICY)
        return f"did you mean {' or '.join(meant)}?"
    return ""


def _of_engine(group: str, kind: str) -> str:
    """The same of a kind in the group of a network plugin; a policy by its name is always one."""
    names = {one.kind.lower(): one.kind for one in KINDS if one.group == group}
    near = [] if kind.endswith("List") else get_close_matches(kind.lower(), names, 1, cutoff=_NEAR)
    if near:
        return f"did you mean {names[near[0]]}?"
    policies = [one.kind for one in KINDS if one.group == group and one.role is Role.POLICY]
    return f"there are {', '.join(policies)}" if language_of(group, kind) else ""
