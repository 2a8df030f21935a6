"""``http`` of a rule: checked as the API server does, and no part of a verdict on addresses and ports.

Source: projectcalico.org/v3 HTTPMatch of Calico v3.32; libcalico-go/lib/validator/v3 validateHTTPRule.
"""

from __future__ import annotations

from flowcheck.manifests.fields import Field
from flowcheck.model.protocols import TCP

_MOST = 20


def check_http(field: Field, action: str | None, protocol: int | None, *, is_ingress: bool) -> None:
    """Methods and paths, in ingress rules that allow TCP."""
    if action != "Allow":
        field.report("may stand in rules that allow only", "leave it out")
    if protocol not in (None, TCP):
        field.report("needs protocol TCP, or none", "write protocol: TCP")
    if not is_ingress:
        field.report("may not stand in an egress rule", "leave it out")
    parts = field.mapping("methods", "paths")
    lists = {name: part.elements() for name, part in parts.items()}
    for name, entries in lists.items():
        if len(entries) > _MOST:
            parts[name].report(f"has more than {_MOST} entries", "make them two rules")
    methods = [entry.text() for entry in lists.get("methods", ())]
    if len(set(methods)) < len(methods):
        parts["methods"].report("has an entry twice", "leave one out")
    for entry in lists.get("paths", ()):
        _check_path(entry)


def _check_path(entry: Field) -> None:
    given = {name: part for name, part in entry.mapping("exact", "prefix").items() if part.value != ""}
    if len(given) != 1:
        entry.report("needs exactly one of exact, prefix", "as prefix: /api")
    for part in given.values():
        path = part.text()
        if path is not None and (not path.startswith("/") or any(sign in path for sign in "? #")):
            part.report("must begin with / and have no ?, # or blank", "as /api/users")
