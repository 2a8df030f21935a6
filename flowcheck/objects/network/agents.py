"""How agents are set. Cilium's: ConfigMap cilium-config, whose keys are the agent's options. A mesh's:
``mesh_config.py``.

What a key holds that is no value of it changes nothing, and is warned of with the values that it may have;
absent keys have the agent's defaults.

Source: cilium v1.20 pkg/option/config.go, install/kubernetes/cilium/templates/cilium-configmap.yaml.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from flowcheck.manifests.complaints import likely
from flowcheck.manifests.documents import Document
from flowcheck.manifests.fields import line_of
from flowcheck.model.engines import CiliumSettings
from flowcheck.model.mesh.linkerd import LinkerdSettings
from flowcheck.model.mesh.membership import MeshSettings
from flowcheck.model.places import NOWHERE, SourceLocation
from flowcheck.model.timeline import ALWAYS, Lifetime
from flowcheck.objects.network.mesh_config import ISTIO, LINKERD, linkerd_settings, mesh_settings

_MODES = ("pods", "nodes")
_LOCALHOST = ("auto", "always", "policy")
_TRUTH = {
    **dict.fromkeys(("1", "t", "T", "true", "TRUE", "True"), True),
    **dict.fromkeys(("0", "f", "F", "false", "FALSE", "False"), False),
}
"""As Go's strconv.ParseBool has them."""


@dataclass(frozen=True, slots=True)
class Agent:
    """``settings`` None: the object tells none."""

    settings: CiliumSettings | MeshSettings | LinkerdSettings | None
    source: SourceLocation = NOWHERE
    lifetime: Lifetime = ALWAYS


class _ConfigMap(msgspec.Struct):
    data: dict[str, str] | None = None


def read_agent(document: Document) -> Agent:
    """The settings that policies hang on."""
    data = document.decode(_ConfigMap).data or {}
    if document.name == ISTIO:
        return Agent(mesh_settings(document, data), document.source)
    if document.name == LINKERD:
        return Agent(linkerd_settings(document, data), document.source)
    given = _Given(document, data)
    enforcement = given.word("enable-policy", ("default", "always", "never"))
    settings = CiliumSettings(
        frozenset(given.words("policy-cidr-match-mode", _MODES)),
        "always" if enforcement == "always" else "never" if enforcement == "never" else "default",
        localhost_allowed=given.word("allow-localhost", _LOCALHOST) != "policy",
        host_firewall=given.truth("enable-host-firewall"),
        node_selector_labels=given.truth("enable-node-selector-labels"),
        node_labels=tuple(given.words("node-labels")),
        labels=tuple(given.words("labels")),
        network_policies=given.truth("enable-k8s-networkpolicy", absent=True),
        cilium_policies=given.truth("enable-cilium-network-policy", absent=True),
        clusterwide_policies=given.truth("enable-cilium-clusterwide-network-policy", absent=True),
        cluster_network_policies=given.truth("enable-k8s-cluster-network-policy"),
        cluster_name=given.text("cluster-name") or "default",
        dual_stack=given.truth("enable-ipv4", absent=True) and given.truth("enable-ipv6"),
        audit=given.truth("policy-audit-mode"),
    )
    return Agent(settings, document.source)


@dataclass(frozen=True, slots=True)
class _Given:
    document: Document
    data: Mapping[str, str]

    def text(self, key: str) -> str:
        return self.data.get(key, "").strip()

    def truth(self, key: str, *, absent: bool = False) -> bool:
        text = self.text(key)
        if text and text not in _TRUTH:
            self._warn(key, "is neither true nor false")
        return _TRUTH.get(text, absent)

    def word(self, key: str, allowed: tuple[str, ...]) -> str:
        """Its value in lower case, as the agent compares it."""
        text = self.text(key).lower()
        if text and text not in allowed:
            self._warn(key, f"is none of {', '.join(allowed)}{_meant(text, allowed)}")
        return text if text in allowed else ""

    def words(self, key: str, allowed: tuple[str, ...] = ()) -> list[str]:
        """A list, written with spaces or commas, or as JSON."""
        found = [word.strip('[]"') if allowed else word for word in re.split(r"[\s,]+", self.text(key))]
        for word in found if allowed else ():
            if word and word not in allowed:
                self._warn(key, f"{word[:63]} is none of {', '.join(allowed)}{_meant(word, allowed)}")
        return [word for word in found if word and (not allowed or word in allowed)]

    def _warn(self, key: str, message: str) -> None:
        line = line_of(self.document.tree(), f"data.{key}", 0)
        self.document.warn(f"data.{key}: {message}: it is passed over, and the default holds", line)


def _meant(word: str, allowed: tuple[str, ...]) -> str:
    hint = likely(word, allowed)
    return f" ({hint})" if hint else ""
