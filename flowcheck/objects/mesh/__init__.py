"""What a pod, or the template of one, tells itself of its part in a mesh, and how to write that down."""

from __future__ import annotations

from flowcheck.manifests.documents import Document
from flowcheck.model.mesh.membership import Membership
from flowcheck.model.peers import DataPlane
from flowcheck.objects.mesh.istio import istio_annotations, istio_membership
from flowcheck.objects.mesh.linkerd import linkerd_annotations, linkerd_membership
from flowcheck.objects.mesh.told import EVERY_PORT, told_at

__all__ = ("EVERY_PORT", "annotations_for", "read_membership")

_WORDS = ("istio", "linkerd")
"""One of them is in every name that tells of a mesh."""


def read_membership(
    document: Document, path: tuple[str, ...] = (), *, template: bool = False
) -> Membership | None:
    """Of the pod, or of what stands at a path of keys; None: it tells of none."""
    if not any(map(document.mentions, _WORDS)):
        return None
    told = told_at(document, path)
    if told is None:
        return None
    return istio_membership(told, template=template) or linkerd_membership(told, template=template)


def annotations_for(mesh: Membership) -> dict[str, str]:
    """Annotations of which the same would be read."""
    return linkerd_annotations(mesh) if mesh.plane is DataPlane.LINKERD else istio_annotations(mesh)
