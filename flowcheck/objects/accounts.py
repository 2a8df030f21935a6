"""ServiceAccount documents: the labels by which Calico's and Cilium's policies may select pods.

Source: core/v1 ServiceAccount.
"""

from __future__ import annotations

from dataclasses import dataclass

from flowcheck.manifests.documents import Document
from flowcheck.manifests.validation import DEFAULT_NAMESPACE
from flowcheck.model.labels import Labels
from flowcheck.model.places import NOWHERE, SourceLocation
from flowcheck.model.timeline import ALWAYS, Lifetime
from flowcheck.objects.shared import LabelledObject, read_labels


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """A service account by its labels, as they were last: what changed of them before is not followed."""

    namespace: str
    name: str
    labels: Labels
    source: SourceLocation = NOWHERE
    lifetime: Lifetime = ALWAYS


def read_account(document: Document) -> ServiceAccount:
    meta = document.decode(LabelledObject).metadata
    namespace = document.namespace or DEFAULT_NAMESPACE
    return ServiceAccount(namespace, document.name, read_labels(document, meta), document.source)
