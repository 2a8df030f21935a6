"""CiliumCIDRGroup documents: sets of addresses that policies name, or select by their labels.

Source: cilium.io/v2 and v2alpha1 CiliumCIDRGroup spec.externalCIDRs; cilium v1.20 pkg/policy/k8s
cilium_cidr_group.go, which passes over what is no CIDR.
"""

from __future__ import annotations

import msgspec

from flowcheck.manifests.blocks import plain_cidr
from flowcheck.manifests.documents import Document
from flowcheck.model.ranges import AddressSet
from flowcheck.objects.shared import ObjectMeta, read_labels


class _Spec(msgspec.Struct):
    external_cidrs: list[str] | None = msgspec.field(default=None, name="externalCIDRs")


class _Group(msgspec.Struct):
    metadata: ObjectMeta | None = None
    spec: _Spec | None = None


def read_cidr_group(document: Document) -> AddressSet:
    manifest = document.decode(_Group)
    found: dict[str, None] = {}
    for number, text in enumerate((manifest.spec and manifest.spec.external_cidrs) or ()):
        try:
            found[str(plain_cidr(document, text))] = None
        except ValueError as error:
            where = f"spec.externalCIDRs[{number}]"
            document.warn(f"{where}: {error}, so Cilium passes it over: write one such as 10.0.0.0/8")
    labels = read_labels(document, manifest.metadata)
    return AddressSet(document.kind, "", document.name, tuple(found), labels, document.source)
