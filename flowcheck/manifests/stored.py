"""What Calico keeps of an object's metadata beside it, where it stores the object in Kubernetes.

In crd.projectcalico.org/v1 labels, and the names of policies, stand as JSON in the annotation
``projectcalico.org/metadata``. Source: Calico v3.32, libcalico-go/lib/backend/k8s/resources
ConvertCalicoResourceToK8sResource.
"""

from __future__ import annotations

import json
from typing import Any

from flowcheck.manifests.documents import Document

STORED = "crd.projectcalico.org/v1"
STORED_METADATA = "projectcalico.org/metadata"


def stored_metadata(document: Document, metadata: Any) -> dict[str, Any]:
    """What is kept so; empty where nothing is. What cannot be read is reported."""
    annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
    text = annotations.get(STORED_METADATA) if isinstance(annotations, dict) else None
    if document.api_version != STORED or not isinstance(text, str):
        return {}
    try:
        kept = json.loads(text)
    except (ValueError, RecursionError):
        kept = None
    if not isinstance(kept, dict):
        hint = "write it as Calico stored it, or leave it out"
        document.report("is no JSON object", hint, path=f"metadata.annotations.{STORED_METADATA}")
        return {}
    return kept
