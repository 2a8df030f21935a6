"""Kustomizations among the files: which files are their patches, and what they would have changed.

A patch is no object of its own, so it is left out. Nothing is applied: a remark says which kustomizations
change more than which files are taken together, and which resources they name that were not given.

Source: kustomize.config.k8s.io/v1beta1 Kustomization, v1alpha1 Component.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

from flowcheck.manifests.text.yaml_events import YamlError, parse_yaml
from flowcheck.opening import read_file

NAMES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
MAX_BYTES = 1 << 20
_RESOURCES = ("resources", "bases", "components")
_PATCHES = ("patches", "patchesStrategicMerge", "patchesJson6902", "replacements", "transformers")
_CHANGES = (
    *_PATCHES,
    "generators",
    "commonLabels",
    "components",
    "helmCharts",
    "helmChartInflationGenerator",
    "labels",
    "namePrefix",
    "nameSuffix",
    "namespace",
    "vars",
)
"""The fields that can change what a policy means or which there are."""


@dataclass(slots=True)
class Kustomizations:
    """``patches`` maps each patch file's real path to its kustomization; ``taken`` are those that one takes
    whole, which are no patches then; ``changing`` are the folders of those that change something;
    ``absent`` are resources that were not given."""

    patches: dict[str, str] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)
    changing: list[str] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)

    def read(self, files: Collection[str]) -> None:
        """Note what the kustomizations among the files say of the others."""
        paths = [name for name in files if os.path.basename(name) in NAMES and os.path.isfile(name)]
        if paths:
            given = {os.path.realpath(name) for name in files}
            folders = {os.path.dirname(name) for name in given}
            for path in paths:
                self._note(path, given, folders)
            self.patches = {path: owner for path, owner in self.patches.items() if path not in self.taken}

    def _note(self, path: str, given: Collection[str], folders: Collection[str]) -> None:
        tree, folder = _tree(path), os.path.dirname(path) or os.curdir
        for entry in (entry for name in _PATCHES for entry in _list(tree.get(name))):
            patch = entry.get("path") if isinstance(entry, dict) else entry
            if isinstance(patch, str) and "\n" not in patch and "\0" not in patch:
                self.patches[os.path.realpath(os.path.join(folder, patch))] = path
        if any(tree.get(name) for name in _CHANGES):
            self.changing.append(folder)
        for name, target in _taken(tree, folder):
            self.taken.add(target)
            inside = any(f"{one}/".startswith(f"{target}/") for one in folders)
            if not target or (target not in given and not inside):
                self.absent.append(name)

    def warnings(self) -> Iterator[str]:
        if self.changing:
            first, more = self.changing[0], _more(self.changing)
            yield (
                f"the kustomization in {first}{more} changes what it takes and is not applied: the cluster "
                f"may have other objects (kustomize build {shlex.quote(first)} | flowcheck ... --cluster -)"
            )
        if self.absent:
            yield (
                f"{self.absent[0]}{_more(self.absent)}, which a kustomization takes, was not given, so its "
                "policies are missing (kustomize build FOLDER | flowcheck ... --cluster -)"
            )


def _more(names: list[str]) -> str:
    return f" (and {len(names) - 1} more)" if len(names) > 1 else ""


def _taken(tree: dict[Any, Any], folder: str) -> Iterator[tuple[str, str]]:
    """The files and folders that are taken whole, each with its real path; empty where it is elsewhere."""
    for entry in (entry for name in _RESOURCES for entry in _list(tree.get(name))):
        if isinstance(entry, str) and ("://" in entry or "?ref=" in entry):
            yield entry, ""
        elif isinstance(entry, str) and "\0" not in entry:
            path = os.path.normpath(os.path.join(folder, entry))
            yield path, os.path.realpath(path)


def _tree(path: str) -> dict[Any, Any]:
    """A kustomization's fields; none where it cannot be read, which is said when its turn comes."""
    try:
        parts = list(parse_yaml(read_file(path, MAX_BYTES)))
    except (OSError, YamlError):
        return {}
    return next((tree for _, tree in parts if isinstance(tree, dict)), {})


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
