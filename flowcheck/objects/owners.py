"""Who owns a pod in the end: the chain of its owners, as objects tell it, else as names do.

Only what is made anew with every roll-out or run is looked behind: ReplicaSets, ReplicationControllers, Jobs.
What controls a Deployment (an operator's object) is not what people call the workload.

Source: apps/v1 Deployment (pod-template-hash); argoproj.io Rollout (rollouts-pod-template-hash);
apps.openshift.io/v1 DeploymentConfig, openshift/api apps/v1/consts.go (openshift.io/deployment-config.name).
"""

from __future__ import annotations

from collections.abc import Mapping

from flowcheck.model.cluster import Workload
from flowcheck.model.labels import Labels

MADE = ("ReplicaSet", "ReplicationController", "Job")
"""Kinds that something else makes again and again."""
TEMPLATE_HASHES = {"pod-template-hash": "Deployment", "rollouts-pod-template-hash": "Rollout"}
"""Labels of pods that the name of their ReplicaSet ends with, and the kind that gives them."""
DEPLOYMENT_CONFIGS = ("openshift.io/deployment-config.name", "deploymentconfig")
"""Labels by which a ReplicationController, or its pods, tell their DeploymentConfig."""


def chain_of(
    workload: Workload, labels: Labels, known: Mapping[Workload, Workload | None]
) -> tuple[Workload, ...]:
    """A workload and what owns it, the top last. ``labels`` are its pod's, ``known`` is the owner of every
    object that was given: None where nothing owns it."""
    chain = [workload]
    while chain[-1].kind in MADE:
        last = chain[-1]
        owner = known[last] if last in known else owner_by_name(last, labels)
        if owner is None or owner in chain:
            break
        chain.append(owner)
    return tuple(chain)


def owner_by_name(workload: Workload, labels: Labels) -> Workload | None:
    """The owner of an object that was not given, as its name and its pods' labels tell it."""
    namespace, name = workload.namespace, workload.name
    if workload.kind == "ReplicaSet":
        for label, kind in TEMPLATE_HASHES.items():
            suffix = "-" + labels.get(label, "")
            if len(suffix) > 1 and len(name) > len(suffix) and name.endswith(suffix):
                return Workload(kind, namespace, name.removesuffix(suffix))
    if workload.kind == "ReplicationController":
        config, _, number = name.rpartition("-")
        if number.isdecimal() and config and config in map(labels.get, DEPLOYMENT_CONFIGS):
            return Workload("DeploymentConfig", namespace, config)
    return None
