"""For which workloads a policy is that selects by labels: those of its namespace, or of the mesh.

The latter where it is in the root namespace. A waypoint is selected by targetRefs alone.

Source: Istio 1.31 pilot/pkg/model/authorization.go, policyattachment.go.
"""

from __future__ import annotations

from flowcheck.engines.istio.names import MANAGED, MESH_CONTROLLER
from flowcheck.model.cluster import NAMESPACE_NAME_LABEL
from flowcheck.model.labels import EVERYTHING, Operator, Requirement
from flowcheck.model.peers import (
    AllOf,
    AnyOf,
    Carries,
    DataPlane,
    Expression,
    IsA,
    Kind,
    Labelled,
    Of,
    PodQuery,
    Where,
    labelled,
)
from flowcheck.model.policy import Policy

WORKLOADS = (DataPlane.SIDECAR, DataPlane.AMBIENT)
PROXIED = (*WORKLOADS, DataPlane.GATEWAY)


def in_namespaces(*names: str) -> Expression:
    return Labelled(Of.NAMESPACE, Requirement(NAMESPACE_NAME_LABEL, Operator.IN, frozenset(names)))


def subject_of(policy: Policy, root_namespace: str, planes: tuple[DataPlane, ...]) -> Where:
    """Whom a policy selects, of those that these data planes carry."""
    parts: list[Expression] = [IsA(Kind.POD)]
    if policy.namespace != root_namespace:
        parts.append(in_namespaces(policy.namespace))
    query = policy.subject
    pods = query.pods if isinstance(query, PodQuery) else EVERYTHING
    parts += labelled(Of.OWN, pods).parts
    parts.append(AnyOf(tuple(map(Carries, planes))))
    if DataPlane.GATEWAY in planes:
        managed = Requirement(MANAGED, Operator.NOT_IN, frozenset({MESH_CONTROLLER}))
        parts.append(Labelled(Of.OWN, managed))
    return Where(AllOf(tuple(parts)))
