"""Calico's policies: tier, order, whom they select, and rules.

    kind                        selects                                     staged
    NetworkPolicy               pods of its namespace                       StagedNetworkPolicy
    GlobalNetworkPolicy         pods and host endpoints                     StagedGlobalNetworkPolicy

Absent: ``tier`` is default, ``order`` the last, ``selector`` everyone. ``types``, where it is absent, is
filled in when an object is written: Egress where there are only egress rules, else Ingress, and Egress too
where there are both; of a stored object without it, both. An object is stored if it has a uid, or is one of
crd.projectcalico.org, which nobody fills in. Rules of a direction that types leaves out have no effect.

A tier's order is its object's: here it is only named, and ``engines.calico`` finds it. A NetworkPolicy is
called CalicoNetworkPolicy, as among Calico's own short names, since Kubernetes has one, too. A staged policy
that stands for a deletion selects nobody, as Calico's own preview leaves it out.

Source: projectcalico.org/v3 of Calico v3.32, its CRDs and api/pkg/defaults; libcalico-go/lib/validator/v3;
libcalico-go updateprocessors (networkpolicyprocessor.go, globalnetworkpolicyprocessor.go).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from flowcheck.dialects.calico.ends import in_namespace, pods
from flowcheck.dialects.calico.labels import IN_A_NAMESPACE, POD
from flowcheck.dialects.calico.rules import Place, read_rules
from flowcheck.dialects.calico.selectors import EVERYTHING, NOTHING, all_of
from flowcheck.dialects.calico.texts import read_accounts, read_namespaces, read_things
from flowcheck.dialects.shared import as_written, check_version, read_top
from flowcheck.manifests.documents import Document
from flowcheck.manifests.fields import Field, ambiguity, type_name
from flowcheck.manifests.stored import STORED, stored_metadata
from flowcheck.manifests.text.yaml_scalars import Ambiguous
from flowcheck.manifests.validation import DEFAULT_NAMESPACE, name_fault
from flowcheck.model.peers import Expression, PodQuery, Where
from flowcheck.model.policy import Direction, Hosts, Policy, Tier

VERSIONS = ("projectcalico.org/v3", STORED)
_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_NAME = re.compile(rf"({_LABEL}\.)?{_LABEL}")
_CONVERTED = re.compile(rf"(knp|ossg)\.default\.{_LABEL}(\.{_LABEL})*")
_TYPES = {"Ingress": Direction.INGRESS, "Egress": Direction.EGRESS}
_SPEC = (
    *("tier", "order", "selector", "serviceAccountSelector", "types", "ingress", "egress"),
    "performanceHints",
)
_SELECTORS = ("selector", "namespaceSelector", "serviceAccountSelector")
_GLOBAL = ("namespaceSelector", "doNotTrack", "preDNAT", "applyOnForward")
_WRONG_NAMES = {
    **dict.fromkeys(("podSelector", "endpointSelector", "subject"), "selector: app == 'x'"),
    **{"policyTypes": "types", "priority": "order"},
    **{"ingressDeny": "action: Deny in a rule of ingress", "egressDeny": "action: Deny in a rule of egress"},
    **dict.fromkeys(_GLOBAL, "a GlobalNetworkPolicy for it"),
}
"""Fields that people write, with what they mean."""


@dataclass(frozen=True, slots=True)
class Form:
    """What tells one kind from another. ``kind`` is how it is called here."""

    kind: str
    is_global: bool = False
    staged: bool = False

    @property
    def spec(self) -> tuple[str, ...]:
        return (*_SPEC, *(_GLOBAL if self.is_global else ()), *(("stagedAction",) if self.staged else ()))


def read_network_policy(document: Document) -> Policy:
    return _read(document, Form("CalicoNetworkPolicy"))


def read_global_network_policy(document: Document) -> Policy:
    return _read(document, Form("GlobalNetworkPolicy", is_global=True))


def read_staged_network_policy(document: Document) -> Policy:
    return _read(document, Form("StagedNetworkPolicy", staged=True))


def read_staged_global_network_policy(document: Document) -> Policy:
    return _read(document, Form("StagedGlobalNetworkPolicy", is_global=True, staged=True))


def _read(document: Document, form: Form) -> Policy:
    check_version(document, VERSIONS)
    if form.is_global:
        document.namespace = ""
    namespace = "" if form.is_global else document.namespace or DEFAULT_NAMESPACE
    top = read_top(document)
    kept = stored_metadata(document, top["metadata"].value if "metadata" in top else None)
    name = str(kept.get("name") or document.name)
    spec = top["spec"].mapping(*form.spec, instead=_WRONG_NAMES) if "spec" in top else {}
    _check_name(document, name, form)
    rules = {
        direction: read_rules(spec.get(direction.value), Place(direction, namespace))
        for direction in Direction
    }
    written = {way for way in Direction if way.value in spec and spec[way.value].value}
    types = _types(spec.get("types"), written, stored=_is_stored(document, top))
    for direction in Direction:
        if direction in written and direction not in types:
            spec[direction.value].warn(f"these rules have no effect: types has no {direction.title()}")
            rules[direction] = ()
    what = _subject(spec, namespace)
    subject: PodQuery | Where = pods(what)
    early, is_deletion = _early(spec), _is_deletion(spec)
    if early or is_deletion:
        subject = Where(NOTHING)
    _check_hints(spec)
    return Policy(
        form.kind,
        namespace,
        name,
        _tier(spec),
        subject,
        _order(spec["order"]) if "order" in spec else math.inf,
        types,
        rules[Direction.INGRESS],
        rules[Direction.EGRESS],
        document.source,
        staged=form.staged,
        written=_written(spec),
        notes=tuple(_logging(spec)),
        hosts=Hosts(what, early) if form.is_global and not is_deletion else None,
    )


def _logging(spec: dict[str, Field]) -> Iterator[str]:
    for direction in Direction:
        entries = spec[direction].value if direction in spec else None
        for number, entry in enumerate(entries if isinstance(entries, list) else ()):
            if isinstance(entry, dict) and entry.get("action") == "Log":
                yield f"{direction}[{number}] only logs, and the next rule is asked"


def _written(spec: dict[str, Field]) -> str:
    said = [f"{name}: {as_written(spec[name].value)}" for name in _SELECTORS if name in spec]
    return ", ".join(said) or "no selector: everyone"


def _is_stored(document: Document, top: dict[str, Field]) -> bool:
    meta = top["metadata"].value if "metadata" in top else None
    return document.api_version == STORED or (isinstance(meta, dict) and bool(meta.get("uid")))


def _check_name(document: Document, name: str, form: Form) -> None:
    """A name has one dot at most: what stands before it is mostly the tier."""
    converted = not form.is_global and _CONVERTED.fullmatch(name)
    if name and document.api_version != STORED and not (converted or _NAME.fullmatch(name)):
        hint = "lower case letters, digits and '-', and one '.' at most"
        document.report("is no name of a policy of Calico's", hint, path="metadata.name")


def _types(field: Field | None, written: set[Direction], *, stored: bool) -> frozenset[Direction]:
    entries = field.elements() if field is not None else []
    if not entries:
        return frozenset(Direction) if stored else frozenset(written or {Direction.INGRESS})
    names = [entry.one_of(*_TYPES) for entry in entries]
    if field is not None and len(set(names)) < len(names):
        field.report("has an entry twice", "leave one out")
    return frozenset(_TYPES[name] for name in names if name is not None)


def _subject(spec: dict[str, Field], namespace: str) -> Expression:
    """What it asks of whom it selects. ``all()`` beside a namespaceSelector or a serviceAccountSelector is
    whoever has a namespace or an account."""
    of_accounts = _given(spec, "serviceAccountSelector")
    of_namespaces = _given(spec, "namespaceSelector")
    everything: Expression = EVERYTHING
    if not namespace and (of_namespaces or of_accounts):
        everything = IN_A_NAMESPACE if of_namespaces else POD
    found: list[Expression] = [in_namespace(namespace)] if namespace else []
    if of_namespaces is not None:
        found.append(read_namespaces(of_namespaces))
    if "selector" in spec:
        found.append(read_things(spec["selector"], everything))
    if of_accounts is not None:
        found.append(read_accounts(of_accounts, EVERYTHING if namespace else POD))
    return all_of(found)


def _given(spec: dict[str, Field], name: str) -> Field | None:
    return spec[name] if name in spec and spec[name].value != "" else None


def _tier(spec: dict[str, Field]) -> Tier:
    name = spec["tier"].text() if "tier" in spec else None
    if name and (fault := name_fault(name)):
        spec["tier"].report(fault)
    return Tier(name or "default", math.inf, denies=True)


def _order(field: Field) -> float:
    if type(value := field.value) in (int, float) and abs(value) < 1e300:
        return float(value)
    odd = "no finite one" if type(value) in (int, float) else type_name(value)
    if isinstance(value, Ambiguous):
        field.report(*ambiguity(value))
    else:
        field.report(f"must be a number, is {odd}", "write one without quotes, as order: 100")
    return math.inf


def _early(spec: dict[str, Field]) -> str:
    """Before what it is asked, if that is connections' tracking or translation: of host endpoints only."""
    flags = {name: _flag(spec[name]) for name in _GLOBAL[1:] if name in spec}
    early = [name for name in ("doNotTrack", "preDNAT") if flags.get(name)]
    if len(early) > 1:
        spec["preDNAT"].report("may not stand beside doNotTrack", "make them two policies")
    if early and not flags.get("applyOnForward"):
        spec[early[0]].report("needs applyOnForward", "write applyOnForward: true beside it")
    if flags.get("preDNAT"):
        if "egress" in spec and spec["egress"].value:
            spec["egress"].report("may not stand beside preDNAT", "make them two policies")
        if "types" in spec and "Egress" in (spec["types"].value or ()):
            spec["types"].report("may not have Egress beside preDNAT", "write types: [Ingress]")
    if early:
        spec[early[0]].warn("is for host endpoints only: not judged of what they forward")
    return {"doNotTrack": "untracked", "preDNAT": "preDNAT"}[early[0]] if early else ""


def _flag(field: Field) -> bool:
    if not isinstance(field.value, bool):
        field.report(f"must be true or false, is {type_name(field.value)}")
    return field.value is True


def _is_deletion(spec: dict[str, Field]) -> bool:
    action = (
        spec["stagedAction"].one_of("Set", "Delete", "Learn", "Ignore") if "stagedAction" in spec else None
    )
    if action != "Delete":
        return False
    for name, field in spec.items():
        if name not in ("stagedAction", "tier", "types") and field.value not in ("", [], None):
            field.report("may not stand beside stagedAction: Delete", "leave it out")
    return True


def _check_hints(spec: dict[str, Field]) -> None:
    entries = spec["performanceHints"].elements() if "performanceHints" in spec else []
    words = [entry.one_of("AssumeNeededOnEveryNode") for entry in entries]
    if len(set(words)) < len(words):
        spec["performanceHints"].report("has an entry twice", "leave one out")
