"""Linkerd's identities as patterns over the SPIFFE id by which a client is known here.

A pod's certificate holds a DNS name, ``ACCOUNT.NAMESPACE.serviceaccount.identity.CONTROL-PLANE.DOMAIN``; it
stands here as ``spiffe://.../ns/NAMESPACE/sa/ACCOUNT``. An identity is exact, or ``*.`` with what the name
must end with after a dot, or ``*``: any at all. A record may tell a name of either form.

Not to be said: an identity that is a SPIFFE id of that very form, as no pod of Linkerd's has one, though a
workload beside the cluster may (:func:`is_ambiguous`).

Source: Linkerd edge-26.8.3 policy-controller/core/src/identity_match.rs,
policy-controller/k8s/index/src/cluster_info.rs;
linkerd2-proxy linkerd/app/inbound/src/policy.rs is_tls_authorized, linkerd/proxy/server-policy/src/authz.rs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from flowcheck.model.mesh.linkerd import Identities, LinkerdSettings

ANYBODY = ".*"
_SPIFFE = "spiffe://"
_OURS = re.compile(r"spiffe://[^/]+/ns/[^/]+/sa/[^/]+")
_ANY = "[^/]+"


def patterns(identities: Identities, settings: LinkerdSettings) -> tuple[str, ...]:
    """Any of which suffices."""
    found = [one for name in identities.names for one in _of_name(name, settings)]
    found += [_account(re.escape(space), re.escape(name)) for space, name in identities.accounts]
    found += [_account(re.escape(space), _ANY) for space in identities.namespaces]
    return tuple(dict.fromkeys(found))


def is_ambiguous(identities: Identities) -> bool:
    """Whether what it names cannot be told from a pod's own identity."""
    return any(_OURS.fullmatch(name) for name in identities.names)


def _account(namespace: str, account: str) -> str:
    return f"{_SPIFFE}{_ANY}/ns/{namespace}/sa/{account}"


def _of_name(name: str, settings: LinkerdSettings) -> Iterator[str]:
    if name == "*":
        yield ANYBODY
        return
    tail = f".serviceaccount.identity.{settings.namespace}.{settings.trust_domain}"
    if not name.startswith("*."):
        yield re.escape(name)
        account, _, namespace = name.removesuffix(tail).rpartition(".")
        if name.endswith(tail) and account:
            yield _account(re.escape(namespace), re.escape(account))
        return
    end = name.removeprefix("*")
    yield f"(?!{_SPIFFE}).*{re.escape(end)}"
    if tail.endswith(end):
        yield _account(_ANY, _ANY)
    elif end.endswith(tail):
        account, _, namespace = end.removesuffix(tail).rpartition(".")
        yield _account(re.escape(namespace), f"[^/]*{re.escape(account)}" if account else _ANY)
