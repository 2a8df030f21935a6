"""An object as the API server tells it -> what is kept of it: see ``fields``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from flowcheck.kinds import ONLY_CALLED, Kind, Role
from flowcheck.live.fields import ANNOTATIONS, CONFIGURED, META, WITHOUT, Tree, fields_of, tree_of
from flowcheck.manifests.stored import STORED_METADATA
from flowcheck.manifests.text.yaml_events import YamlError, parse_yaml
from flowcheck.objects.mesh.istio import GATEWAYS, PROXY, STATUS, TRAFFIC
from flowcheck.objects.mesh.linkerd import IGNORED_INBOUND, IGNORED_OUTBOUND, INIT
from flowcheck.objects.network.plugins import FLAG, VARIABLES

_META = tree_of((*META, "annotations"))
_STORED = ("name", "namespace", "labels")
_TEMPLATES = (("template",), ("jobTemplate", "spec", "template"))


@cache
def _tree(kind: Kind) -> Tree:
    return tree_of(fields_of(kind))


@cache
def _without(kind: str) -> Tree:
    return tree_of(WITHOUT.get(kind, ()))


def pruned(kind: Kind, version: str, told: Mapping[str, Any]) -> dict[str, Any]:
    """What is kept of one object, with its kind, which the items of a list do not name."""
    kept = _kept(told, _tree(kind))
    if WITHOUT.get(kind.kind):
        kept = _left_out(kept, _without(kind.kind))
    kept["metadata"] = _metadata(told.get("metadata"))
    spec = kept.get("spec")
    if kind.kind == "ConfigMap":
        kept = _configured(kept)
    elif kind.role is Role.WORKLOAD and isinstance(spec, dict):
        for path in _TEMPLATES:
            _template(kind, _at(spec, path))
    elif kind.kind == "Pod" and isinstance(spec, dict):
        _containers(kind, spec)
    api_version = f"{kind.group}/{version}" if kind.group else version
    return {"apiVersion": api_version, "kind": kind.kind, **kept}


def named_only(group: str, version: str, kind: str, told: Mapping[str, Any]) -> dict[str, Any]:
    """What is kept of an object in a language that is not read: that it is there."""
    meta = told.get("metadata")
    names = {key: meta[key] for key in ("name", "namespace", "uid") if meta.get(key)} if meta else {}
    return {"apiVersion": f"{group}/{version}" if group else version, "kind": kind, "metadata": names}


def _kept(value: Any, fields: Tree) -> Any:
    if isinstance(value, list):
        return [_kept(one, fields) for one in value]
    if not fields or not isinstance(value, dict):
        return value
    return {name: _kept(value[name], below) for name, below in fields.items() if name in value}


def _left_out(value: Any, fields: Tree) -> Any:
    if isinstance(value, list):
        return [_left_out(one, fields) for one in value]
    if not isinstance(value, dict):
        return value
    whole = {name for name, below in fields.items() if not below}
    return {
        name: _left_out(one, fields[name]) if name in fields else one
        for name, one in value.items()
        if name not in whole
    }


def _metadata(told: Any) -> dict[str, Any]:
    kept: dict[str, Any] = _kept(told or {}, _META)
    _annotations(kept)
    return {name: value for name, value in kept.items() if value not in (None, {}, [])}


def _annotations(meta: dict[str, Any]) -> None:
    """Keep those that are read, in place; of what Calico stores in one, names and labels."""
    given = meta.pop("annotations", None) or {}
    kept = {name: text for name, text in given.items() if name in ANNOTATIONS or name.startswith(TRAFFIC)}
    if STATUS in kept:
        kept[STATUS] = ""  # it only counts that it is there
    if STORED_METADATA in kept:
        kept[STORED_METADATA] = _stored(kept[STORED_METADATA])
    if kept:
        meta["annotations"] = kept


def _stored(text: str) -> str:
    """What is no JSON object is for the reader to report, and stays none."""
    try:
        given = json.loads(text)
    except (ValueError, RecursionError):
        return ""
    return json.dumps({key: given[key] for key in _STORED if key in given}) if isinstance(given, dict) else ""


def _at(value: Any, path: tuple[str, ...]) -> dict[str, Any]:
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def _template(kind: Kind, template: dict[str, Any]) -> None:
    _annotations(_at(template, ("metadata",)))
    _containers(kind, _at(template, ("spec",)))


def _containers(kind: Kind, spec: dict[str, Any]) -> None:
    """Of arguments and variables, in place, those that are read; they may hold passwords."""
    for name in ("containers", "initContainers"):
        for container in spec.get(name) or ():
            own = kind.kind == "DaemonSet" and name == "containers"
            for words in ("command", "args"):
                given = [one for one in container.pop(words, None) or () if isinstance(one, str)]
                if found := [*_flags(given)] if own else []:
                    container[words] = found
                if words == "args" and (found := _told(container.get("name"), given)):
                    container[words] = [*found, *container.get(words, ())]
            if variables := [one for one in container.pop("env", None) or () if one.get("name") in VARIABLES]:
                container["env"] = variables


def _flags(words: list[str]) -> list[str]:
    return FLAG.findall(" ".join(words))


def _told(container: Any, words: list[str]) -> list[str]:
    """What a mesh's own containers are told."""
    if container == PROXY:
        return [one for one in words[:2] if one in GATEWAYS]
    if container != INIT:
        return []
    found = []
    for option in (IGNORED_INBOUND, IGNORED_OUTBOUND):
        if option in words[:-1]:
            found += [option, words[words.index(option) + 1]]
    return found


def _configured(told: dict[str, Any]) -> dict[str, Any]:
    """A ConfigMap with those keys, and of YAML those fields, that are read."""
    name = told["metadata"].get("name")
    known = CONFIGURED.get(name, {}) if name in ONLY_CALLED[("", "ConfigMap")] else {}
    given = told.get("data") or {}
    data = {
        key: _yaml(given[key], fields) if fields else given[key]
        for key, fields in known.items()
        if key in given
    }
    return {"metadata": told["metadata"], **({"data": data} if data else {})}


def _yaml(text: str, fields: tuple[str, ...]) -> str:
    """As JSON, which is YAML. What is none is for the reader to warn of, and stays none."""
    try:
        found = [tree for _, tree in parse_yaml(text.encode(errors="replace"))]
    except YamlError:
        return "{"
    if len(found) != 1 or not isinstance(found[0], dict):
        return "{}" if len(found) != 1 else "[]"
    return json.dumps(_kept(found[0], tree_of(fields)), default=lambda _: None)
