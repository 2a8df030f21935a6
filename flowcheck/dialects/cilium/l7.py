"""What an entry of ``toPorts`` asks for beside ports: requests, names of servers, a listener.

Which of them a connection carried, no flow of layer 4 tells: the rule is open (``needs_l7``). Rules of
releases before 1.20 (kafka, l7proto with l7) are open too.

Source: cilium v1.20 pkg/policy/api l4.go PortRule, L7Rules, rule_validation.go.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping, Sequence

from flowcheck.dialects.cilium.context import Context
from flowcheck.dialects.cilium.names import read_names
from flowcheck.manifests.fields import Field
from flowcheck.model.policy import Direction
from flowcheck.model.verdict import Reason

_TLS = ("terminatingTLS", "originatingTLS")
_HTTP = ("path", "method", "host", "headers", "headerMatches")
_OLD = ("kafka", "l7", "l7proto")


_SERVER = re.compile(r"(?:\*?\*[.])?[-a-zA-Z0-9_]+(?:[.][-a-zA-Z0-9_]+)*[.]?")
_LONGEST_SERVER = 255
_ONLY_GO = re.compile(r"\\[pPzCQE]|\[\[:|\(\?[a-zA-Z-]*U")
_NEVER_GO = re.compile(r"\(\?(?:=|!|<=|<!|\()|\\[1-9]")


def is_broken(text: str) -> bool:
    """Whether Go reads it as no regular expression, as far as Python can tell."""
    if _ONLY_GO.search(text) is not None:
        return False
    try:
        with warnings.catch_warnings(action="ignore", category=FutureWarning):
            re.compile(text)
    except re.error:
        return True
    return _NEVER_GO.search(text) is not None


def needs_of(
    parts: Mapping[str, Field], direction: Direction, context: Context, ports: Sequence[Field]
) -> Reason:
    """Whether the entry lets through only some of what goes to its ports."""
    rules = parts["rules"].mapping("http", "dns", *_OLD) if "rules" in parts else {}
    if rules:
        _check_rules(parts["rules"], rules, direction, context, ports)
    servers = parts["serverNames"].elements() if "serverNames" in parts else []
    for name in servers:
        text = name.text()
        if text is not None and not (len(text) <= _LONGEST_SERVER and _SERVER.fullmatch(text)):
            name.report("is no name of a server", "write one such as api.example.com or *.example.com")
    if servers and rules and "terminatingTLS" not in parts:
        context.refuse(
            parts["serverNames"], "cannot stand beside rules without terminatingTLS", "make them two entries"
        )
    if "listener" in parts:
        parts["listener"].mapping("envoyConfig", "name", "priority", required=("envoyConfig", "name"))
        if direction is Direction.INGRESS:
            context.refuse(parts["listener"], "may stand in egress rules only", "leave it out here")
        if rules:
            context.refuse(parts["listener"], "cannot stand beside rules", "make them two entries")
    filled = any(rules[name].value for name in rules if not _lets_all_through(name, rules[name]))
    asks = filled or servers or "listener" in parts or any(name in parts for name in _TLS)
    return Reason.NEEDS_L7 if asks else Reason.NONE


def _lets_all_through(name: str, field: Field) -> bool:
    """Whether rules for requests are for every one: lookups of any name at all."""
    entries = field.value if name == "dns" and isinstance(field.value, list) else []
    return any(isinstance(one, dict) and one.get("matchPattern") == "*" for one in entries)


def _check_rules(
    field: Field,
    rules: Mapping[str, Field],
    direction: Direction,
    context: Context,
    ports: Sequence[Field],
) -> None:
    """What the agent asks of them; and that every field is one."""
    for entry in rules["http"].elements() if "http" in rules else []:
        parts = entry.mapping(*_HTTP)
        for name in ("path", "method", "host"):
            if name in parts and is_broken(parts[name].text() or ""):
                context.refuse(parts[name], "is not a regular expression", "Go's syntax, as /api/.*")
    for entry in rules["dns"].elements() if "dns" in rules else []:
        if len(read_names(entry)) > 1:
            entry.report("has matchName and matchPattern", "make them two entries")
    has_dns = bool("dns" in rules and rules["dns"].value)
    if len({name for name in rules if name != "l7"}) > 1:
        field.report("has rules of several protocols", "make them two entries")
    if has_dns and direction is Direction.INGRESS:
        context.refuse(rules["dns"], "may stand in egress rules only", "leave it out here")
    if context.for_nodes and (direction is Direction.INGRESS or "http" in rules):
        context.refuse(field, "is not for nodes", "leave it out, or say endpointSelector")
    if "dns" in rules and not ports:
        context.refuse(rules["dns"], "needs ports", 'write ports: [{port: "53", protocol: ANY}] beside it')
    for entry in ports:
        port = entry.value if isinstance(entry.value, dict) else {}
        if not has_dns and port.get("protocol") != "TCP":
            context.refuse(entry, "has rules beside it that are for TCP alone", "write protocol: TCP")
        number = port.get("port")
        if isinstance(number, str) and number and not number.strip("0_"):
            context.refuse(entry, "must be one port, not every one, beside rules", 'as port: "80"')
        end, is_number = port.get("endPort"), isinstance(number, str) and number.isdigit()
        if has_dns and is_number and isinstance(end, int) and end > int(number or 0):
            context.refuse(entry, "must be one port, no range, beside dns rules", "leave out endPort")
