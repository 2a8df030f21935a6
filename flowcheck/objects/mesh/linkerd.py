"""What a pod, or the template of one, tells itself of its part in a Linkerd mesh.

A container linkerd-proxy, or the annotation that the injector leaves, is a proxy; the template of one where
its annotation asks for a proxy. The injector copies what its namespace's annotations say into the pod's own;
the init container is told which ports go past the proxy, whoever said so. Containers tell where requests
are let in that look like their probes; an inventory keeps those ports under a name of our own.

Source: Linkerd edge-26.8.3 pkg/k8s/labels.go, controller/proxy-injector/webhook.go,
charts/partials/templates/_proxy-init.tpl, policy-controller/k8s/index/src/inbound/workload.rs and ports.rs.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flowcheck.manifests.documents import Document
from flowcheck.model.mesh.membership import LINKERD_PORTS, Membership
from flowcheck.model.peers import Access, DataPlane, InboundDefault
from flowcheck.objects.mesh.told import LAST_PORT, Told, is_port, port_text, words

VERSION, INJECT = "linkerd.io/proxy-version", "linkerd.io/inject"
_CONFIG = "config.linkerd.io/"
DEFAULT = f"{_CONFIG}default-inbound-policy"
IDENTIFIED = f"{_CONFIG}proxy-require-identity-inbound-ports"
OPAQUE = f"{_CONFIG}opaque-ports"
PROBED = "flowcheck/probed-ports"
SKIP_INBOUND, SKIP_OUTBOUND = f"{_CONFIG}skip-inbound-ports", f"{_CONFIG}skip-outbound-ports"
OF_PODS = (VERSION, INJECT, DEFAULT, IDENTIFIED, OPAQUE, PROBED, SKIP_INBOUND, SKIP_OUTBOUND)
"""The annotations of a pod that are read."""
_PROXY, INIT = "linkerd-proxy", "linkerd-init"
IGNORED_INBOUND, IGNORED_OUTBOUND = "--inbound-ports-to-ignore", "--outbound-ports-to-ignore"
"""What the init container may be told, each with what follows it."""
_ASKED_FOR = ("enabled", "ingress")
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")


def linkerd_membership(told: Told, *, template: bool) -> Membership | None:
    """None: it tells of none."""
    annotations = told.annotations
    if any(one.get("name") == _PROXY for one in told.containers):
        because = f"its container {_PROXY}"
    elif VERSION in annotations:
        because = f"its annotation {VERSION}"
    elif template and annotations.get(INJECT) in _ASKED_FOR:
        because = f"its annotation {INJECT}"
    else:
        return None
    return Membership(
        DataPlane.LINKERD,
        LINKERD_PORTS | _past(told, SKIP_INBOUND, IGNORED_INBOUND),
        _past(told, SKIP_OUTBOUND, IGNORED_OUTBOUND),
        default=InboundDefault(
            access_of(told.document, f"its annotation {DEFAULT}", annotations.get(DEFAULT)),
            _told_by(told, IDENTIFIED),
            (_told_by(told, PROBED) | frozenset(_probed(told))) - _told_by(told, OPAQUE),
        ),
        because=because,
    )


def _past(told: Told, annotation: str, option: str) -> frozenset[int]:
    """What the init container was told, else what the annotation asks for."""
    for one in told.containers:
        if one.get("name") == INIT:
            return ports_of(told.document, f"the option {option} of {INIT}", _value_of(one, option))
    return _told_by(told, annotation)


def _told_by(told: Told, annotation: str) -> frozenset[int]:
    return ports_of(told.document, f"its annotation {annotation}", told.annotations.get(annotation, ""))


def _probed(told: Told) -> Iterator[int]:
    """The ports of probes by HTTP, by number or by a name in the same container."""
    for container in told.containers:
        listed = container.get("ports")
        ports = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
        named = {str(one.get("name")).lower(): one.get("containerPort") for one in ports}
        for probe in filter(None, map(container.get, _PROBES)):
            asked = probe.get("httpGet") if isinstance(probe, dict) else None
            port = asked.get("port") if isinstance(asked, dict) else None
            number = named.get(port.lower()) if isinstance(port, str) else port
            if isinstance(number, int) and 0 < number <= LAST_PORT:
                yield number


def _value_of(container: dict[Any, Any], option: str) -> str:
    args = container.get("args")
    found = [one for one in args if isinstance(one, str)] if isinstance(args, list) else []
    return found[found.index(option) + 1] if option in found[:-1] else ""


def access_of(document: Document, where: str, word: str | None) -> Access | None:
    """What a word stands for; None of one that says nothing."""
    if word is None or word in tuple(Access):
        return None if word is None else Access(word)
    document.warn(f"{where} is {word[:63]!r}, which is none of {', '.join(Access)}: it is passed over")
    return None


def ports_of(document: Document, where: str, text: str) -> frozenset[int]:
    """Numbers and ranges of ports, with commas between. One that is wrong makes Linkerd pass over all."""
    found: set[int] = set()
    for word in words(text):
        first, dash, last = (part.strip() for part in word.partition("-"))
        last = last if dash else first
        if not (is_port(first) and is_port(last) and 0 < int(first) <= int(last)):
            odd = f"{where} holds {word[:63]!r}"
            document.warn(f"{odd}, which is no port or range of ports: all of it is passed over")
            return frozenset()
        found.update(range(int(first), int(last) + 1))
    return frozenset(found)


def linkerd_annotations(mesh: Membership) -> dict[str, str]:
    """Annotations of which the same would be read."""
    default = mesh.default or InboundDefault()
    past = {SKIP_INBOUND: mesh.inbound_past - LINKERD_PORTS, SKIP_OUTBOUND: mesh.outbound_past}
    asked = {IDENTIFIED: default.identified, PROBED: default.probed}
    ports = {name: port_text(of) for name, of in {**past, **asked}.items() if of}
    return {VERSION: "", **ports, **({DEFAULT: default.access} if default.access else {})}
