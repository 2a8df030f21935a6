"""The dialects: policy languages that are read. Those that are known but not read: ``kinds``.

A reader takes a :class:`~flowcheck.manifests.documents.Document` and gives the policy it means; what
the API server would refuse is reported to the document. ``reading`` calls the readers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flowcheck.dialects import admin, kubernetes
from flowcheck.kinds import KINDS, Role
from flowcheck.manifests.documents import Document
from flowcheck.model.policy import Policy

Reader = Callable[[Document], Policy]

_BY_KIND: Mapping[str, Reader] = {
    "NetworkPolicy": kubernetes.read_network_policy,
    "AdminNetworkPolicy": admin.read_admin_network_policy,
    "BaselineAdminNetworkPolicy": admin.read_baseline_admin_network_policy,
    "ClusterNetworkPolicy": admin.read_cluster_network_policy,
}

READERS: Mapping[tuple[str, str], Reader] = {
    (one.group, one.kind): _BY_KIND[one.kind] for one in KINDS if one.role is Role.POLICY
}
"""By API group and kind."""
