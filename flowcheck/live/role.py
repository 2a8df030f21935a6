"""What a snapshot or a watch must be allowed: to list and watch the kinds that are read, and nothing else.

``deploy/rbac.yaml`` has it as a ClusterRole; a test holds the two together. What the API server serves
(``/apis``) every account may ask.

Source: rbac.authorization.k8s.io/v1 PolicyRule; "Referring to resources": list and watch of one name need
``resourceNames`` and a field selector.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from flowcheck.kinds import KINDS, LANGUAGES, ONLY_CALLED
from flowcheck.objects.network.plugins import CONFIG_MAPS

VERBS = ("list", "watch")


def rules() -> list[dict[str, Any]]:
    """One rule for each API group, and one for the ConfigMaps of network plugins and meshes."""
    groups: dict[str, dict[str, None]] = defaultdict(dict)
    for one in KINDS:
        if (one.group, one.kind) not in ONLY_CALLED:
            groups[one.group][one.plural] = None
    for group, (_, kinds) in LANGUAGES.items():
        groups[group] |= dict.fromkeys(map(plural_of, kinds))
    found = [
        {"apiGroups": [group], "resources": [*names], "verbs": [*VERBS]} for group, names in groups.items()
    ]
    names = sorted(CONFIG_MAPS.union(*ONLY_CALLED.values()))
    named = {"apiGroups": [""], "resources": ["configmaps"], "resourceNames": names, "verbs": [*VERBS]}
    return [*found, named]


def plural_of(kind: str) -> str:
    """The resource of a kind as most are called. Source: apimachinery meta UnsafeGuessKindToResource."""
    name = kind.lower()
    if name.endswith("s"):
        return f"{name}es"
    return f"{name.removesuffix('y')}ies" if name.endswith("y") else f"{name}s"
