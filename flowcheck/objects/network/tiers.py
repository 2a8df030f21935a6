"""Tier documents of Calico's: where a tier stands, and what holds at its end.

Three are always there, with these orders: kube-admin 1000, default 1000000, kube-baseline 10000000. A tier
without an order comes after all that have one. A cluster's tiers are taken as they were last.

Source: projectcalico.org/v3 TierSpec of Calico v3.32, the CEL rules of its CRD; libcalico-go validateTier;
felix/calc TierLess.
"""

from __future__ import annotations

import math
import re

import msgspec

from flowcheck.manifests.complaints import likely
from flowcheck.manifests.documents import Document
from flowcheck.model.engines import CALICO_LAST, CALICO_TIERS
from flowcheck.model.tiers import Tier

_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_LONGEST = 63


class _Spec(msgspec.Struct, rename="camel"):
    order: float | None = None
    default_action: str | None = None


class _Object(msgspec.Struct):
    spec: _Spec | None = None


def read_tier(document: Document) -> Tier:
    """The tier; what the API server would refuse is reported."""
    spec = document.decode(_Object).spec or _Spec()
    name, action = document.name, spec.default_action or "Deny"
    if name and not (_NAME.fullmatch(name) and len(name) <= _LONGEST):
        document.report("is no name of a tier", "lower case letters, digits and '-'", path="metadata.name")
    if action not in ("Deny", "Pass"):
        document.report("must be Deny or Pass", likely(action, ("Deny", "Pass")), path="spec.defaultAction")
    if spec.order is not None and not math.isfinite(spec.order):
        document.report("must be a number, is no finite one", "write one, as order: 100", path="spec.order")
    tier = Tier(name, CALICO_LAST if spec.order is None else spec.order, denies=action == "Deny")
    known = CALICO_TIERS.get(name, tier)
    if known.order != tier.order:
        document.report(f"must be {known.order:.0f} in this tier", path="spec.order")
    if known.denies != tier.denies:
        action = "Deny" if known.denies else "Pass"
        document.report(f"must be {action} in this tier", path="spec.defaultAction")
    return tier
