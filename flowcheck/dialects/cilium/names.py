"""DNS names in ``toFQDNs`` and in rules for requests of DNS.

``*.x`` is one label before x, ``**.x`` one or more, ``*x`` crosses no dot, ``*`` is every name.

Source: cilium v1.20 pkg/policy/api fqdn.go, and the patterns of its CRDs.
"""

from __future__ import annotations

import re

from flowcheck.manifests.fields import Field

_ALLOWED = {
    "matchName": re.compile(r"[-a-zA-Z0-9_]+(?:[.][-a-zA-Z0-9_]+)*[.]?"),
    "matchPattern": re.compile(r"[-a-zA-Z0-9_*]+(?:[.][-a-zA-Z0-9_*]+)*[.]?"),
}
_LONGEST = 255


def read_names(field: Field) -> list[str]:
    """``matchName`` as it is, ``matchPattern`` with its wildcards; in lower case, without a last dot."""
    parts = field.mapping(*_ALLOWED)
    found = []
    for part, allowed in _ALLOWED.items():
        name = parts[part].text() if part in parts else None
        if name is not None and not (len(name) <= _LONGEST and allowed.fullmatch(name)):
            also = ", * for a part of any" if part == "matchPattern" else ""
            parts[part].report("is no DNS name", f"letters, digits, '-', '_' and single '.'{also}")
        elif name:
            found.append(name.lower().removesuffix("."))
    return found
