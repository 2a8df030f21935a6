"""DNS names in ``toFQDNs`` and in rules for requests of DNS.

``*.x`` is one label before x, ``**.x`` one or more, ``*x`` crosses no dot, ``*`` is every name.

Source: cilium v1.20 pkg/policy/api fqdn.go.
"""

from __future__ import annotations

import re

from flowcheck.dialects.cilium.context import Context
from flowcheck.manifests.fields import Field

_ALLOWED = {"matchName": re.compile(r"[-a-zA-Z0-9_.]+"), "matchPattern": re.compile(r"[-a-zA-Z0-9_.*]+")}


def read_names(field: Field, context: Context) -> list[str]:
    """``matchName`` as it is, ``matchPattern`` with its wildcards; in lower case, without a last dot."""
    parts = field.mapping(*_ALLOWED)
    found = []
    for part, allowed in _ALLOWED.items():
        name = parts[part].text() if part in parts else None
        if name and not allowed.fullmatch(name):
            context.refuse(parts[part], "has characters that no DNS name has")
        elif name:
            found.append(name.lower().removesuffix("."))
    return found
