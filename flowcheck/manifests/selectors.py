"""Label selectors and label maps of any policy language that uses apimachinery's, read with every check.

A CustomResourceDefinition checks the types of a selector's fields and no more, so the API server stores what
ValidateLabelSelector refuses, though no library reads it.

Source: apimachinery meta/v1 LabelSelector; meta/v1/validation ValidateLabelSelector.
"""

from __future__ import annotations

from collections.abc import Callable

from flowcheck.manifests.fields import Field
from flowcheck.manifests.validation import label_key_fault, label_value_fault
from flowcheck.model.labels import Operator, Requirement, Selector

_OPERATORS = (Operator.IN, Operator.NOT_IN, Operator.EXISTS, Operator.DOES_NOT_EXIST)
_WITH_VALUES = (Operator.IN, Operator.NOT_IN)

_Complain = Callable[..., None]
"""``Field.report``, or ``Field.doubt`` where the API server does not check what a selector says."""


def read_selector(field: Field, complain: _Complain = Field.report) -> Selector:
    """``matchLabels`` and ``matchExpressions``, all of which must hold; empty matches everything.

    Requirements in doubt are left out: the selector takes whomever it could.
    """
    parts = field.mapping("matchLabels", "matchExpressions")
    found: list[Requirement | None] = []
    if "matchLabels" in parts:
        for key, value in sorted(parts["matchLabels"].entries().items()):
            text = _label_value(value, complain)
            if fault := label_key_fault(key):
                complain(value, fault)
            elif text is not None:
                found.append(Requirement(key, Operator.IN, frozenset((text,))))
    if "matchExpressions" in parts:
        found += [_requirement(entry, complain) for entry in parts["matchExpressions"].elements()]
    return Selector(tuple(requirement for requirement in found if requirement is not None))


def _label_value(field: Field, complain: _Complain) -> str | None:
    text = field.text()
    if text is not None and (fault := label_value_fault(text)):
        complain(field, fault)
        return None
    return text


def _requirement(entry: Field, complain: _Complain) -> Requirement | None:
    """``In`` and ``NotIn`` need values, ``Exists`` and ``DoesNotExist`` must have none."""
    parts = entry.mapping("key", "operator", "values", required=("key", "operator"))
    key = parts["key"].text() if "key" in parts else None
    name = parts["operator"].one_of(*_OPERATORS, complain=complain) if "operator" in parts else None
    given = parts["values"].elements() if "values" in parts else []
    values = [_label_value(value, complain) for value in given]
    fault = label_key_fault(key) if key is not None else ""
    if fault:
        complain(parts["key"], fault)
    if key is None or name is None:
        return None
    operator = Operator(name)
    if operator in _WITH_VALUES and not values:
        complain(entry, f"{name} needs values")
    if operator not in _WITH_VALUES and values:
        complain(parts["values"], f"{name} takes no values")
    understood = frozenset(value for value in values if value is not None)
    sound = not fault and None not in values and bool(values) == (operator in _WITH_VALUES)
    return Requirement(key, operator, understood) if sound else None
