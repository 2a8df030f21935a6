"""Whose label a key of a selector means.

To Calico a pod has its own labels, beside them ``projectcalico.org/namespace``, ``/orchestrator`` and
``/serviceaccount``, those of its namespace behind ``pcns.`` and those of its service account behind
``pcsa.``. A NetworkSet has its own, ``projectcalico.org/namespace`` and its namespace's; a GlobalNetworkSet
and a HostEndpoint their own. A namespaceSelector's keys are meant with ``pcns.``, a serviceAccountSelector's
with ``pcsa.``; there ``projectcalico.org/name`` is the object's name.

Source: libcalico-go of Calico v3.32, backend/k8s/conversion (podToDefaultWorkloadEndpoint,
NamespaceToProfile, ServiceAccountToProfile), updateprocessors/networksetprocessor.go.
"""

from __future__ import annotations

from flowcheck.dialects.calico.selectors import NOTHING, all_of, any_of, negation, own
from flowcheck.model.cluster import NAMESPACE_NAME_LABEL
from flowcheck.model.labels import Operator, Requirement
from flowcheck.model.peers import Account, Expression, IsA, Kind, Labelled, Of

NAME = "projectcalico.org/name"
_OF_NAMESPACE, _OF_ACCOUNT = "pcns.", "pcsa."
_LONGEST_ACCOUNT = 62
"""Of a longer name there is no label."""

POD = IsA(Kind.POD)
IN_A_NAMESPACE = Labelled(Of.NAMESPACE, Requirement(NAMESPACE_NAME_LABEL, Operator.EXISTS))


def of_a_thing(clause: Requirement) -> Expression:
    """A clause of a selector, whatever things it is about."""
    match clause.key:
        case key if key.startswith(_OF_NAMESPACE):
            return of_its_namespace(clause._replace(key=key.removeprefix(_OF_NAMESPACE)))
        case key if key.startswith(_OF_ACCOUNT):
            return of_its_account(clause._replace(key=key.removeprefix(_OF_ACCOUNT)))
        case "projectcalico.org/namespace":
            return of_its_namespace(clause._replace(key=NAME))
        case "projectcalico.org/serviceaccount":
            return of_its_account(clause._replace(key=NAME))
        case "projectcalico.org/orchestrator":
            others = all_of((negation(POD), own(clause)))
            return any_of((POD, others)) if clause.matches({clause.key: "k8s"}) else others
        case _:
            return own(clause)


def of_its_namespace(clause: Requirement) -> Expression:
    """A clause of a namespaceSelector."""
    return Labelled(Of.NAMESPACE, clause._replace(key=NAMESPACE_NAME_LABEL) if clause.key == NAME else clause)


def of_its_account(clause: Requirement) -> Expression:
    """A clause of a serviceAccountSelector. Names are asked of pods, as accounts need not be described."""
    if clause.key != NAME:
        return Labelled(Of.ACCOUNT, clause)
    match clause.operator:
        case Operator.IN:
            return with_accounts(clause.values)
        case Operator.NOT_IN:
            return negation(with_accounts(clause.values))
        case Operator.EXISTS:
            return POD
        case Operator.DOES_NOT_EXIST:
            return negation(POD)
        case _:
            return Labelled(Of.ACCOUNT, clause)


def with_accounts(names: frozenset[str]) -> Expression:
    """Pods that run as an account of one of these names."""
    short = frozenset(name for name in names if len(name) <= _LONGEST_ACCOUNT)
    return Account(short) if short else NOTHING
