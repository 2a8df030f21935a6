"""How a mesh is set. Istio: ConfigMap istio, whose key ``mesh`` is a MeshConfig in YAML. Linkerd: ConfigMap
linkerd-config, whose key ``values`` are those that its chart was installed with, in YAML.

Source: istio.io/api mesh/v1alpha1 MeshConfig; Istio 1.31 pkg/config/mesh DefaultMeshConfig;
Linkerd edge-26.8.3 charts/linkerd-control-plane/templates/config.yaml, values.yaml.
"""

from __future__ import annotations

from typing import Any

from flowcheck.manifests.blocks import plain_cidr
from flowcheck.manifests.documents import Document
from flowcheck.manifests.text.yaml_events import YamlError, parse_yaml
from flowcheck.model.mesh.linkerd import LinkerdSettings
from flowcheck.model.mesh.membership import MeshSettings
from flowcheck.objects.mesh.linkerd import access_of, ports_of
from flowcheck.objects.mesh.told import words

ISTIO, LINKERD = "istio", "linkerd-config"
_KEY, _VALUES = "mesh", "values"
_DEFAULT = MeshSettings()


def mesh_settings(document: Document, data: dict[str, str]) -> MeshSettings | None:
    """What policies hang on; None where it is no mesh's."""
    config = _config(document, data, _KEY)
    if config is None:
        return None
    aliases = config.get("trustDomainAliases") or []
    return MeshSettings(
        _text(config, "rootNamespace") or _DEFAULT.root_namespace,
        _text(config, "trustDomain") or _DEFAULT.trust_domain,
        tuple(one for one in aliases if isinstance(one, str)) if isinstance(aliases, list) else (),
        document.source,
    )


def linkerd_settings(document: Document, data: dict[str, str]) -> LinkerdSettings | None:
    """What policies hang on; None where it is no mesh's."""
    config = _config(document, data, _VALUES)
    if config is None:
        return None
    default = LinkerdSettings()
    place = f"data.{_VALUES}"
    init = _mapping(config, "proxyInit")
    word = _text(_mapping(config, "proxy"), "defaultInboundPolicy")
    access = access_of(document, f"{place}: proxy.defaultInboundPolicy", word or None)
    inbound_past, outbound_past = (
        ports_of(document, f"{place}: proxyInit.{key}", _text(init, key))
        for key in ("ignoreInboundPorts", "ignoreOutboundPorts")
    )
    return LinkerdSettings(
        document.namespace or default.namespace,
        _text(config, "identityTrustDomain") or _text(config, "clusterDomain") or default.trust_domain,
        access or default.access,
        _networks(document, _text(config, "clusterNetworks")) or default.networks,
        inbound_past,
        outbound_past,
        document.source,
    )


def _networks(document: Document, text: str) -> tuple[str, ...]:
    found = []
    for word in words(text):
        try:
            found.append(str(plain_cidr(document, word)))
        except ValueError as error:
            document.warn(f"data.{_VALUES}: clusterNetworks: {error}: it is passed over")
    return tuple(dict.fromkeys(found))


def _config(document: Document, data: dict[str, str], key: str) -> dict[Any, Any] | None:
    """The mapping that is under a key as YAML."""
    text = data.get(key)
    if text is None:
        return None
    try:
        found = [tree for _, tree in parse_yaml(text.encode(errors="replace"))]
    except YamlError as error:
        document.warn(f"data.{key}: is no YAML ({error}), so it is passed over")
        return None
    config = found[0] if len(found) == 1 else {}
    if not isinstance(config, dict):
        document.warn(f"data.{key}: is no mapping, so it is passed over")
        return None
    return config


def _mapping(config: dict[Any, Any], key: str) -> dict[Any, Any]:
    value = config.get(key)
    return value if isinstance(value, dict) else {}


def _text(config: dict[Any, Any], key: str) -> str:
    """A text, or a number as it is written."""
    value = config.get(key)
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
