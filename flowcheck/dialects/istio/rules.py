"""Rules of an AuthorizationPolicy: ``from``, ``to`` and ``when``, kept as they are written.

A ``not`` field becomes a negated term. What is wrong with a value is said here, and the value kept: what
becomes of its rule differs from proxy to proxy.
"""

from __future__ import annotations

from flowcheck.dialects.istio.form import refuse, texts
from flowcheck.dialects.istio.values import KNOWN_KEYS, MAP_KEYS, fault_of, is_http
from flowcheck.manifests.fields import Field
from flowcheck.model.mesh.written import AuthorizationAction, AuthorizationRule, Clause, Term

SOURCE = (
    *("principals", "requestPrincipals", "namespaces", "serviceAccounts", "trustDomains"),
    *("ipBlocks", "remoteIpBlocks"),
)
OPERATION = ("hosts", "methods", "paths", "ports")
_ACCOUNTS = ("serviceAccounts", "notServiceAccounts")
_BESIDE_ACCOUNTS = ("principals", "notPrincipals", "namespaces", "notNamespaces")
_MOST, _MOST_ACCOUNTS, _LONGEST_ACCOUNT = 512, 16, 320


def read_rules(field: Field, action: AuthorizationAction) -> tuple[AuthorizationRule, ...]:
    entries = field.elements()
    if len(entries) > _MOST:
        field.report(f"has more than {_MOST} entries")
    return tuple(_rule(entry, f"rules[{number}]", action) for number, entry in enumerate(entries))


def _rule(entry: Field, label: str, action: AuthorizationAction) -> AuthorizationRule:
    parts = entry.mapping("from", "to", "when")
    sources = _entries(parts.get("from"), "source", SOURCE)
    operations = _entries(parts.get("to"), "operation", OPERATION)
    conditions = tuple(_condition(one) for one in _listed(parts.get("when")))
    rule = AuthorizationRule(label, sources, operations, conditions, entry.source)
    if action is AuthorizationAction.DENY:
        _warn_of_http(entry, rule)
    return rule


def _listed(field: Field | None) -> list[Field]:
    entries = field.elements() if field is not None else []
    if field is not None and field.value == []:
        field.warn("is empty, so it restricts nothing")
    if field is not None and len(entries) > _MOST:
        field.report(f"has more than {_MOST} entries")
    return entries


def _entries(field: Field | None, inner: str, names: tuple[str, ...]) -> tuple[Clause, ...]:
    found = []
    for entry in _listed(field):
        parts = entry.mapping(inner)
        terms = _terms(parts[inner], names) if inner in parts else ()
        if not terms:
            refuse(parts.get(inner, entry), "is empty", "a sidecar takes it for everything")
        found.append(terms)
    return tuple(found)


def _negative(name: str) -> str:
    return f"not{name[0].upper()}{name[1:]}"


def _terms(field: Field, names: tuple[str, ...]) -> Clause:
    """The fields of an entry; a list that is empty is as if it were absent."""
    parts = field.mapping(*names, *map(_negative, names))
    if any(one in parts for one in _ACCOUNTS) and any(one in parts for one in _BESIDE_ACCOUNTS):
        hint = "make them two entries"
        field.report("may not have serviceAccounts beside principals or namespaces", hint)
    found = []
    for name in names:
        for given, negated in ((name, False), (_negative(name), True)):
            if given not in parts:
                continue
            values = texts(parts[given])
            _check(parts[given], name, values)
            if values:
                found.append(Term(name, values, negated))
    return tuple(found)


def _check(field: Field, name: str, values: tuple[str, ...]) -> None:
    if name == "serviceAccounts" and len(values) > _MOST_ACCOUNTS:
        field.report(f"has more than {_MOST_ACCOUNTS} entries")
    for number, value in enumerate(values):
        if name == "serviceAccounts" and len(value) > _LONGEST_ACCOUNT:
            field.report(f"has an entry of more than {_LONGEST_ACCOUNT} characters")
        elif fault := fault_of(name, value):
            refuse(field, f"entry {number} {fault}")


def _condition(entry: Field) -> Clause:
    """A key with values, of which any suffices, and values of which none may be."""
    parts = entry.mapping("key", "values", "notValues", required=("key",))
    key = (parts["key"].text() or "") if "key" in parts else ""
    wanted, unwanted = texts(parts.get("values")), texts(parts.get("notValues"))
    if "key" in parts and key not in KNOWN_KEYS and not key.startswith(MAP_KEYS):
        refuse(parts["key"], "is no key that Istio knows", "a sidecar passes over the whole rule")
    elif "key" in parts and key.startswith(MAP_KEYS) and not (key.endswith("]") and key.find("[") > 0):
        refuse(parts["key"], "must be of the form a[b]")
    if not wanted and not unwanted:
        refuse(entry, "needs values or notValues", "it restricts nothing")
    for name in ("values", "notValues"):
        if name in parts:
            _check(parts[name], key, texts(parts[name]))
    return (Term(key, wanted), *([Term(key, unwanted, negated=True)] if unwanted else []))


def _warn_of_http(entry: Field, rule: AuthorizationRule) -> None:
    """A DENY of requests only: a sidecar drops these fields for what is no HTTP, ztunnel never matches."""
    sources = [term for clause in rule.sources for term in clause]
    operations = [term for clause in rule.operations for term in clause]
    of_requests = operations if operations else sources
    if of_requests and all(is_http(term.field) for term in of_requests):
        entry.warn(
            "denies by requests alone: on ports that are not HTTP a sidecar denies whatever else matches, "
            "and ztunnel denies nothing (name the ports)"
        )
