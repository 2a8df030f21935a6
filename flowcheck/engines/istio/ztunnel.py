"""Rules of an AuthorizationPolicy as ztunnel asks them, which knows no requests.

An ALLOW rule that has a field or a condition of requests is left out. Of a DENY rule such fields are left
out, and so is an entry that has no other; a clause whose entries are all left out never holds, nor does the
rule. ``trustDomains`` is left out of any rule, and of an ALLOW without a word. CUSTOM, AUDIT and dry runs
are not asked. A value that is none of its field is passed over.

Where a waypoint stands before a workload, ztunnel may see the waypoint in the client's place: what is asked
of who the client is, is open.

Source: Istio 1.31 pilot/pkg/serviceregistry/ambient/authorization.go; ztunnel 1.30 src/rbac.rs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

from flowcheck.engines.istio import patterns
from flowcheck.engines.istio.asked import NOTHING_ASKED, Alternatives, Asked, all_asked
from flowcheck.engines.istio.terms import (
    Unsaid,
    block,
    blocks_of,
    identities_of,
    name_of,
    port,
    ports_asked,
)
from flowcheck.engines.istio.waypoints import Waypoints
from flowcheck.model.mesh.written import AuthorizationRule, Clause, Term
from flowcheck.model.peers import AllOf, Carries, DataPlane, Expression, Not, Where
from flowcheck.model.policy import Action, Rule

_OF_REQUESTS = frozenset(
    {"hosts", "methods", "paths", "requestPrincipals", "remoteIpBlocks"},
)
_CONDITIONS = frozenset(
    {"source.ip", "source.namespace", "source.principal", "destination.ip", "destination.port"}
)
_Value = TypeVar("_Value")
_CARRIED = Carries(DataPlane.AMBIENT)


def ztunnel_rules(
    rule: AuthorizationRule, written: Rule, namespace: str, waypoints: Waypoints
) -> Iterator[Rule]:
    found = _alternatives(rule, namespace, written.action)
    if found is None:
        return
    if waypoints.behind is None or not found.by_client:
        yield from found.rules(written, Where(_CARRIED))
        return
    apart: Expression = AllOf((_CARRIED, Not(waypoints.behind)))
    behind = Where(AllOf((_CARRIED, waypoints.behind)))
    yield from found.rules(written, Where(apart))
    yield from found.rules(written, behind, peer=Where(waypoints.proxies))
    yield from found.without_client().rules(written, behind, peer=Where(Not(waypoints.proxies)))


def _alternatives(rule: AuthorizationRule, namespace: str, action: Action) -> Alternatives | None:
    """None where it never holds."""
    terms = [term for clause in (*rule.sources, *rule.operations) for term in clause]
    conditions = [term for clause in rule.conditions for term in clause]
    of_requests = any(term.field in _OF_REQUESTS for term in terms)
    of_requests = of_requests or any(term.field not in _CONDITIONS for term in conditions)
    if action is Action.ALLOW and of_requests:
        return None
    clients, operations = (_entries(clauses, namespace) for clauses in (rule.sources, rule.operations))
    always = [all_asked(_asked(term, namespace) for term in clause) for clause in rule.conditions]
    if not clients or not operations or NOTHING_ASKED in always:
        return None
    return Alternatives(clients, operations, all_asked(always))


def _entries(clauses: tuple[Clause, ...], namespace: str) -> tuple[Asked, ...]:
    """Those that ask anything; without a clause that is everything."""
    if not clauses:
        return (NOTHING_ASKED,)
    found = (all_asked(_asked(term, namespace) for term in clause) for clause in clauses)
    return tuple(one for one in found if one != NOTHING_ASKED)


def _asked(term: Term, namespace: str) -> Asked:
    if "." in term.field and term.field not in _CONDITIONS:
        return NOTHING_ASKED
    match name_of(term):
        case "principals":
            return _by_identity(term, patterns.principal)
        case "namespaces":
            return _by_identity(term, patterns.namespace_alone)
        case "serviceAccounts":
            return _by_identity(term, lambda value: patterns.account(value, namespace))
        case "ports":
            ranges = _sound(term, port)
            return ports_asked(ranges, negated=term.negated) if ranges else NOTHING_ASKED
        case "ipBlocks" | "destination.ip" as name:
            blocks = _sound(term, block)
            if not blocks:
                return NOTHING_ASKED
            peer = blocks_of(blocks, negated=term.negated)
            is_ours = name == "destination.ip"
            return Asked(subjects=(peer,)) if is_ours else Asked(peers=(peer,), by_client=True)
        case _:
            return NOTHING_ASKED


def _by_identity(term: Term, pattern: Callable[[str], str]) -> Asked:
    if not term.values:
        return NOTHING_ASKED
    return Asked(peers=(identities_of(map(pattern, term.values), negated=term.negated),), by_client=True)


def _sound(term: Term, read: Callable[[str], _Value]) -> list[_Value]:
    found = []
    for value in term.values:
        try:
            found.append(read(value))
        except Unsaid:
            continue
    return found
