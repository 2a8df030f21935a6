"""What objects tell of the network plugin that runs: names of DaemonSets, ConfigMaps, CRDs and kinds.

A sign is a sentence's subject: ``DaemonSet kube-system/cilium``, ``ConfigMap kube-system/cilium-config``,
``CustomResourceDefinition ciliumnodes.cilium.io``, ``CiliumEndpoint (cilium.io)``. Of a DaemonSet, its
containers, their images and those of their flags and variables that say whether and how policies are enforced
make signs too, after a colon. What they tell is for ``engines``.

Source: the manifests and charts of Cilium, Calico, Antrea, OVN-Kubernetes, amazon-vpc-cni-k8s and Flannel.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from flowcheck.manifests.documents import Document
from flowcheck.manifests.text.yaml_scalars import Ambiguous
from flowcheck.manifests.validation import DEFAULT_NAMESPACE

GROUPS = (
    "cilium.io",
    "projectcalico.org",
    "antrea.io",
    "antrea.tanzu.vmware.com",
    "k8s.ovn.org",
    "networking.k8s.aws",
    "crd.k8s.amazonaws.com",
)
"""API groups of plugins; those below them too."""
CONFIG_MAPS = frozenset(
    {
        "amazon-vpc-cni",
        "antrea-config",
        "calico-config",
        "canal-config",
        "cilium-config",
        "kube-flannel-cfg",
        "ovn-config",
        "ovnkube-config",
    }
)
FLAG = re.compile(r"--(?:enable-network-policy|host-network-namespace)[= ]\S{1,253}")
"""What a plugin may be told: a flag, with what it is set to."""
_IMAGE = re.compile(r"[\w./:@-]{1,255}", re.ASCII)
VARIABLES = ("NETWORK_POLICY_ENFORCING_MODE", "OVN_HOST_NETWORK_NAMESPACE")


def signs_of(document: Document) -> Iterator[str]:
    """What one document tells, if anything."""
    kind, name = document.kind, document.name
    if kind == "DaemonSet":
        yield from _of_daemon_set(document)
    elif kind == "ConfigMap":
        if name in CONFIG_MAPS:
            yield f"ConfigMap {_place(document)}"
    elif kind == "CustomResourceDefinition":
        if _is_of_plugin(name.partition(".")[2]):
            yield f"CustomResourceDefinition {name}"
    elif "." in document.group and _is_of_plugin(document.group):
        yield f"{kind} ({document.group})"


def _is_of_plugin(group: str) -> bool:
    return any(group == known or group.endswith("." + known) for known in GROUPS)


def _place(document: Document) -> str:
    return f"{document.namespace or DEFAULT_NAMESPACE}/{document.name}"


def _of_daemon_set(document: Document) -> Iterator[str]:
    sign = f"DaemonSet {_place(document)}"
    yield sign
    tree = document.tree()
    for part in ("spec", "template", "spec"):
        tree = _entry(tree, part)
    containers = _entry(tree, "containers")
    for container in containers if isinstance(containers, list) else ():
        name, image = (_text(_entry(container, key)) for key in ("name", "image"))
        yield f"{sign}: container {name}"
        if _IMAGE.fullmatch(image):
            yield f"{sign}: {name} runs {image}"
        for list_name in ("command", "args"):
            words = _entry(container, list_name)
            text = " ".join(map(_text, words)) if isinstance(words, list) else ""
            yield from (f"{sign}: {flag}" for flag in FLAG.findall(text))
        variables = _entry(container, "env")
        for variable in variables if isinstance(variables, list) else ():
            key, value = _text(_entry(variable, "name")), _text(_entry(variable, "value"))
            if key in VARIABLES and value:
                yield f"{sign}: {key}={value}"


def _entry(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, Mapping) else None


def _text(value: Any) -> str:
    found = value.text if isinstance(value, Ambiguous) else value
    return found if isinstance(found, str) else ""
