"""What Istio's proxies compare, as regular expressions over the whole text.

A value is exact, ``abc*``, ``*abc``, or ``*``, which is anything but nothing. A sidecar (Envoy) compares
the whole SPIFFE id, ztunnel its parts.

Source: Istio 1.31 pilot/pkg/security/authz/model/generator.go, authz/matcher,
security/trustdomain/bundle.go, pilot/pkg/serviceregistry/ambient/authorization.go; ztunnel 1.30
src/rbac.rs; Envoy 1.36 extensions/path/uri_template_lib.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from flowcheck.model.mesh.membership import MeshSettings

ANYBODY = ".*"
"""Of an identity: any at all, but no plaintext."""
_SPIFFE = "spiffe://"
_LOCAL = "cluster.local"
_PIECES = 5
_PATH = r"a-zA-Z0-9\-._~%!$&'()+,;:@="
"""The characters of a path that Envoy's templates know."""
_TEMPLATES = {"{*}": f"[{_PATH}]+", "{**}": f"[{_PATH}/]*"}


def glob(value: str, anything: str = ".") -> str:
    """A value with a wildcard first or last only; ``anything``: what the wildcard stands for, once."""
    if value == "*":
        return f"{anything}+"
    if value.startswith("*"):
        return f"{anything}*{re.escape(value[1:])}"
    if value.endswith("*"):
        return f"{re.escape(value[:-1])}{anything}*"
    return re.escape(value)


def path_pattern(value: str) -> str:
    """A path, without its query; ``{*}`` is one part of it, ``{**}`` all that follows."""
    if "{*}" not in value and "{**}" not in value:
        return glob(value)
    parts = re.split(r"(\{\*\*?\})", value)
    return "".join(_TEMPLATES.get(part, re.escape(part)) for part in parts)


def principal(value: str) -> str:
    """A principal, which is an id without ``spiffe://``; of both proxies."""
    return ".+" if value == "*" else _SPIFFE + glob(value)


def namespace_in_id(value: str) -> str:
    """A sidecar's: each ``*`` is anything, so one that comes first may run past the namespace."""
    return f".*/ns/{'.*'.join(map(re.escape, value.split('*')))}/.*"


def namespace_alone(value: str) -> str:
    """ztunnel's: compared with the namespace alone; a ``*`` in the middle is one that is meant."""
    return f"{_SPIFFE}[^/]*/ns/{glob(value, '[^/]')}/sa/[^/]*"


def account(value: str, own_namespace: str) -> str:
    """``namespace/name``, or a name in the policy's own namespace."""
    namespace, slash, name = value.partition("/")
    if not slash:
        namespace, name = own_namespace, value
    return f"{_SPIFFE}.+/ns/{re.escape(namespace)}/(.+/|)sa/{re.escape(name)}(/.+)?"


def trust_domain(value: str) -> str:
    before, star, after = value.partition("*")
    if value == "*" or not star:
        return f"{_SPIFFE}{'' if star else re.escape(value) + '/'}.*"
    return f"{_SPIFFE}{re.escape(before)}[^/]*{re.escape(after)}/.*"


def with_aliases(values: Iterable[str], settings: MeshSettings) -> tuple[str, ...]:
    """Principals with those of the mesh's other trust domains, as a sidecar takes them. ``cluster.local``
    stands for the mesh's own, whatever that is called."""
    found = [one for value in values for one in _with_aliases(value, settings)]
    return tuple(dict.fromkeys(found))


def _with_aliases(value: str, settings: MeshSettings) -> Iterator[str]:
    domains = (settings.trust_domain, *settings.aliases)
    own, *rest = value.split("/")
    if len(rest) != _PIECES - 1 or own == "*" or not (own == _LOCAL or _fits(own, domains)):
        yield value
        return
    for domain in domains:
        kept = own.startswith("*") and domain.endswith(own[1:])
        yield value if kept else "/".join((domain, *rest))


def _fits(own: str, domains: Iterable[str]) -> bool:
    """Whether a principal's trust domain is any of those; it may have a wildcard first or last."""
    pattern = re.compile(glob(own))
    return any(pattern.fullmatch(domain) for domain in domains)


def domains_with_aliases(values: Iterable[str], settings: MeshSettings) -> tuple[str, ...]:
    domains = (settings.trust_domain, *settings.aliases)
    found = [one for value in values for one in (domains if value in domains else (value,))]
    return tuple(dict.fromkeys(found))
