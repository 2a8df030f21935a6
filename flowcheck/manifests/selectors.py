"""Label selectors and label maps of any policy language that uses apimachinery's, read with every check.

Source: apimachinery meta/v1 LabelSelector; meta/v1/validation ValidateLabelSelector.
"""

from __future__ import annotations

from flowcheck.manifests.fields import Field
from flowcheck.manifests.names import label_key_fault, label_value_fault
from flowcheck.model.labels import Operator, Requirement, Selector

_OPERATORS = tuple(Operator)
_WITH_VALUES = (Operator.IN, Operator.NOT_IN)


def read_selector(field: Field) -> Selector:
    """``matchLabels`` and ``matchExpressions``, all of which must hold; empty matches everything."""
    parts = field.mapping("matchLabels", "matchExpressions")
    requirements: list[Requirement] = []
    if "matchLabels" in parts:
        for key, value in sorted(parts["matchLabels"].entries().items()):
            if fault := label_key_fault(key):
                value.report(fault)
            text = _label_value(value)
            requirements.append(Requirement(key, Operator.IN, frozenset((text,))))
    if "matchExpressions" in parts:
        requirements += [
            requirement
            for entry in parts["matchExpressions"].elements()
            if (requirement := _requirement(entry)) is not None
        ]
    return Selector(tuple(requirements))


def _label_value(field: Field) -> str:
    text = field.text() or ""
    if fault := label_value_fault(text):
        field.report(fault)
    return text


def _requirement(entry: Field) -> Requirement | None:
    """``In`` and ``NotIn`` need values, ``Exists`` and ``DoesNotExist`` must have none."""
    parts = entry.mapping("key", "operator", "values", required=("key", "operator"))
    key = parts["key"].text() if "key" in parts else None
    name = parts["operator"].one_of(*_OPERATORS) if "operator" in parts else None
    values = [_label_value(value) for value in parts["values"].elements()] if "values" in parts else []
    if key is None or name is None:
        return None
    if fault := label_key_fault(key):
        parts["key"].report(fault)
    operator = Operator(name)
    if operator in _WITH_VALUES and not values:
        entry.report(f"{name} needs values")
    if operator not in _WITH_VALUES and values:
        parts["values"].report(f"{name} takes no values")
    return Requirement(key, operator, frozenset(values))
