"""The objects of the samples as an API server has them: all fields, in JSON's types."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent.parent
MADE = "2026-03-01T00:00:00Z"
SAMPLES = ("cluster", "cilium/cluster", "mesh/cluster")
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
NOBODYS = "hunter2-nobodys-business"
"""What must never be in a snapshot."""


@cache
def _text(name: str) -> str:
    files = sorted((ROOT / "data" / name).glob("*.yaml"))
    documents = [one for file in files for one in yaml.safe_load_all(file.read_text()) if one]
    return json.dumps(documents, default=lambda time: time.isoformat().replace("+00:00", "Z"))


def sample(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(_text(name))
    return found


def with_more(documents: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same with what a real server has beside it, some of it secret."""
    found = json.loads(json.dumps([*documents]))
    for one in found:
        meta = one["metadata"]
        meta["annotations"] = {**(meta.get("annotations") or {}), LAST_APPLIED: NOBODYS, "owner": NOBODYS}
        meta["managedFields"] = [
            {
                "manager": NOBODYS,
                "operation": "Update",
                "time": MADE,
                "fieldsV1": {"f:a": {}},
            }
        ]
        meta["selfLink"] = NOBODYS
        meta.setdefault("creationTimestamp", MADE)
        if one["kind"] == "ConfigMap":
            one["data"] = {**(one.get("data") or {}), "password": NOBODYS}
            one["binaryData"] = {"key": NOBODYS}
        for spec in _pod_specs(one):
            for container in spec.get("containers", ()):
                container["env"] = [{"name": "PASSWORD", "value": NOBODYS}]
                container["args"] = [*container.get("args", ()), f"--token={NOBODYS}"]
                container["volumeMounts"] = [{"name": NOBODYS}]
            spec["volumes"] = [{"name": NOBODYS, "secret": {"secretName": NOBODYS}}]
    return [*found, SECRET]


SECRET = {
    "apiVersion": "v1",
    "kind": "Secret",
    "metadata": {"name": "password", "namespace": "shop"},
    "data": {"password": NOBODYS},
}


def _pod_specs(one: dict[str, Any]) -> list[dict[str, Any]]:
    if one["kind"] == "Pod":
        return [one["spec"]]
    template = (one.get("spec") or {}).get("template")
    return [template["spec"]] if isinstance(template, dict) and "spec" in template else []
