"""The policies that a record of Calico says a flow met, in the order in which it met them.

A policy is a text, ``index|tier|name|action|rule``, or an object. Names are ``shop/knp.default.web`` for a
Kubernetes NetworkPolicy, ``shop/tier.name`` for Calico's own, ``tier.name`` for a GlobalNetworkPolicy; in
newer releases they have their kind before them: ``knp:shop/web``. Left out are staged policies, which enforce
nothing, and what stands for no policy at all.

Source: tigera/docs, Flow log data types; felix/types/policy_id.go and felix/calc/policy_lookup_cache.go of
projectcalico/calico.
"""

from __future__ import annotations

from functools import lru_cache

from flowcheck.flows.formats.calico.records import Hit, policies_of

_KINDS = {
    "np": "CalicoNetworkPolicy",
    "gnp": "GlobalNetworkPolicy",
    "knp": "NetworkPolicy",
    "kcnp": "ClusterNetworkPolicy",
    "pro": "Profile",
    "snp": "",
    "sgnp": "",
    "sknp": "",
    "eot": "",
    "staged": "",
}
_NUMBERED = {
    1: "CalicoNetworkPolicy",
    2: "GlobalNetworkPolicy",
    6: "NetworkPolicy",
    7: "AdminNetworkPolicy",
    8: "BaselineAdminNetworkPolicy",
    9: "Profile",
    11: "ClusterNetworkPolicy",
}
"""Source: goldmane/proto/api.proto, PolicyKind."""
_IN_NAMES = {
    "knp.default.": "NetworkPolicy",
    "kanp.adminnetworkpolicy.": "AdminNetworkPolicy",
    "kbanp.baselineadminnetworkpolicy.": "BaselineAdminNetworkPolicy",
}
_PROFILES = "__PROFILE__"


@lru_cache(1 << 12)  # few, and in every record
def references(text: bytes, *, between: bool) -> tuple[str, ...]:
    """Those in the JSON of a record's policies, as ``kind/namespace/name``, by their index: lists are in no
    order. ``between``: of a node between the ends."""
    policies = policies_of(text)
    lists = policies.enforced_policies, policies.enforced, policies.all_policies
    if between and policies.transit_policies:
        lists = policies.transit_policies, None, None
    met = next((one for one in lists if one is not None), [])
    found = sorted(filter(None, map(_indexed, met)), key=lambda one: one[0])
    return tuple(dict.fromkeys(reference for _, reference in found))


def _indexed(met: str | Hit) -> tuple[int, str] | None:
    reference = _of_text(met) if isinstance(met, str) else _of_hit(met)
    if not reference:
        return None
    index = met.partition("|")[0] if isinstance(met, str) else str(met.policy_index)
    return (int(index) if index.isdecimal() else 0), reference


def _of_text(text: str) -> str:
    _, tier, name, *_ = (*text.split("|"), "", "", "")
    namespace, _, name = name.rpartition("/")
    kind, colon, rest = (namespace or name).partition(":")
    if colon and kind in _KINDS:
        namespace, name = (rest, name) if namespace else ("", rest)
        return _reference(_KINDS[kind], namespace, name)
    if name.startswith("staged:"):
        return ""
    kind = "Profile" if tier == _PROFILES else "CalicoNetworkPolicy" if namespace else "GlobalNetworkPolicy"
    return _reference(kind, namespace, name)


def _of_hit(hit: Hit) -> str:
    """Of a tier's end, the policy by which it decided."""
    if hit.kind in ("EndOfTier", 10):
        return "" if hit.trigger is None or hit.trigger.kind == hit.kind else _of_hit(hit.trigger)
    kind = _NUMBERED.get(hit.kind, "") if isinstance(hit.kind, int) else hit.kind or ""
    if kind.startswith("Staged") or kind == "KindUnspecified":
        return ""
    return _reference(kind, hit.namespace or "", hit.name or "")


def _reference(kind: str, namespace: str, name: str) -> str:
    for mark, own in _IN_NAMES.items():
        if name.startswith(mark):
            kind, name = own, name.removeprefix(mark)
    if not kind or not name or name.startswith("__"):
        return ""
    return f"{kind}/{namespace}/{name}" if namespace and namespace != "-" else f"{kind}/{name}"
