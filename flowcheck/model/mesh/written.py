"""Policies of a mesh as they are written: what the engine that enforces them makes rules of.

Istio's; Linkerd's are in ``linkerd.py``.

Source: security.istio.io/v1 AuthorizationPolicy, PeerAuthentication.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from flowcheck.model.mesh.linkerd import LinkerdWritten
from flowcheck.model.places import NOWHERE, SourceLocation


class AuthorizationAction(StrEnum):
    ALLOW = "ALLOW"
    DENY = "DENY"
    AUDIT = "AUDIT"
    CUSTOM = "CUSTOM"


@dataclass(frozen=True, slots=True)
class Term:
    """One field with its values, of which any suffices: ``namespaces: [a, b]``. ``negated``: none may
    (``notNamespaces``). ``field`` is the positive one's name, or the key of a condition."""

    field: str
    values: tuple[str, ...]
    negated: bool = False


Clause = tuple[Term, ...]
"""An entry of ``from``, ``to`` or ``when``: all of its terms hold."""


@dataclass(frozen=True, slots=True)
class AuthorizationRule:
    """Any of ``sources``, any of ``operations`` (no entries: everything), and all of ``conditions``."""

    label: str
    sources: tuple[Clause, ...] = ()
    operations: tuple[Clause, ...] = ()
    conditions: tuple[Clause, ...] = ()
    source: SourceLocation = NOWHERE


@dataclass(frozen=True, slots=True)
class TargetRef:
    group: str
    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Authorization:
    """An AuthorizationPolicy. ``has_rules``: whether there is a list of rules, be it empty."""

    action: AuthorizationAction
    rules: tuple[AuthorizationRule, ...] = ()
    targets: tuple[TargetRef, ...] = ()
    has_selector: bool = False
    provider: str = ""


class Mode(StrEnum):
    """``UNSET``: as the next wider policy says."""

    UNSET = "UNSET"
    DISABLE = "DISABLE"
    PERMISSIVE = "PERMISSIVE"
    STRICT = "STRICT"


@dataclass(frozen=True, slots=True)
class PeerAuthentication:
    """``ports``: by number, of the pod. ``created``: its creationTimestamp, by which the oldest of
    several counts; "" not told."""

    mode: Mode
    ports: tuple[tuple[int, Mode], ...]
    has_selector: bool
    created: str = ""


MeshWritten = Authorization | PeerAuthentication | LinkerdWritten
