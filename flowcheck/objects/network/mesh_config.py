"""How an Istio mesh is set: ConfigMap istio, whose key ``mesh`` is a MeshConfig in YAML.

Source: istio.io/api mesh/v1alpha1 MeshConfig; Istio 1.31 pkg/config/mesh DefaultMeshConfig.
"""

from __future__ import annotations

from typing import Any

from flowcheck.manifests.documents import Document
from flowcheck.manifests.text.yaml_events import YamlError, parse_yaml
from flowcheck.model.mesh.membership import MeshSettings

NAME, _KEY = "istio", "mesh"
_DEFAULT = MeshSettings()


def mesh_settings(document: Document, data: dict[str, str]) -> MeshSettings | None:
    """What policies hang on; None where it is no mesh's."""
    text = data.get(_KEY)
    if text is None:
        return None
    try:
        found = [tree for _, tree in parse_yaml(text.encode(errors="replace"))]
    except YamlError as error:
        document.warn(f"data.{_KEY}: is no YAML ({error}), so it is passed over")
        return None
    config = found[0] if len(found) == 1 else {}
    if not isinstance(config, dict):
        document.warn(f"data.{_KEY}: is no mapping, so it is passed over")
        return None
    aliases = config.get("trustDomainAliases") or []
    return MeshSettings(
        _text(config, "rootNamespace") or _DEFAULT.root_namespace,
        _text(config, "trustDomain") or _DEFAULT.trust_domain,
        tuple(one for one in aliases if isinstance(one, str)) if isinstance(aliases, list) else (),
        document.source,
    )


def _text(config: dict[Any, Any], key: str) -> str:
    value = config.get(key)
    return value if isinstance(value, str) else ""
