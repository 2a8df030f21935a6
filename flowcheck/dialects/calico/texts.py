"""Fields that hold a selector: read, and reported with the character at which they go wrong.

``global()`` may stand alone in a rule's namespaceSelector only. Source: projectcalico.org/v3 of Calico v3.32,
the CEL rules of its CRDs, libcalico-go/lib/validator/v3 validateEntityRule.
"""

from __future__ import annotations

import re

from flowcheck.dialects.calico.labels import IN_A_NAMESPACE, of_a_thing, of_its_account, of_its_namespace
from flowcheck.dialects.calico.selectors import EVERYTHING, Clause, is_global, negation, parse_selector
from flowcheck.dialects.calico.tokens import SelectorError
from flowcheck.manifests.complaints import likely
from flowcheck.manifests.fields import Field
from flowcheck.model.peers import Expression

_LONGEST = 1024
_SHOWN = 24
_SIGNS = {"and": "&&", "or": "||", "not": "!", "is": "=="}
_OPERATORS = ("in", "not in", "contains", "starts with", "ends with")


def read_things(field: Field, everything: Expression = EVERYTHING) -> Expression:
    """``selector``: of pods, network sets and host endpoints."""
    return _read(field, of_a_thing, everything)


def read_not_things(field: Field) -> Expression:
    """``notSelector``, in which ``global()`` may stand, and says the same as ``all()``."""
    return _read(field, of_a_thing, EVERYTHING, may_say_global=True)


def read_namespaces(field: Field) -> Expression:
    """``namespaceSelector`` of a policy: all() is every namespace, not what has none."""
    return _read(field, of_its_namespace, IN_A_NAMESPACE)


def read_rule_namespaces(field: Field) -> Expression:
    """``namespaceSelector`` of a rule, where ``global()`` is all that has no namespace."""
    text = field.value
    if isinstance(text, str) and "global(" in text:
        try:
            if is_global(text):
                return negation(IN_A_NAMESPACE)
        except SelectorError:
            pass
    return read_namespaces(field)


def read_accounts(field: Field, everything: Expression = EVERYTHING) -> Expression:
    """``serviceAccountSelector`` of a policy."""
    return _read(field, of_its_account, everything)


def read_rule_accounts(field: Field) -> Expression:
    """``serviceAccounts.selector`` of a rule, in which ``global()`` says the same as ``all()``."""
    return _read(field, of_its_account, EVERYTHING, may_say_global=True)


def _read(
    field: Field, clause: Clause, everything: Expression, *, may_say_global: bool = False
) -> Expression:
    text = field.text()
    if text is None:
        return EVERYTHING
    if len(text) > _LONGEST:
        field.report(f"has more than {_LONGEST} characters", "make it two policies or rules")
        return EVERYTHING
    if "global(" in text and not may_say_global:
        hint = "leave it out: what has no namespace is selected where there is no namespaceSelector"
        field.report("has global(), which may stand alone in a rule's namespaceSelector only", hint)
        return EVERYTHING
    try:
        return parse_selector(text, clause, everything)
    except SelectorError as error:
        there = f"{error.message} at character {error.place + 1}{_there(text, error.place)}"
        field.report(f"is no selector: {there}", _remedy(text, error.place))
        return EVERYTHING


def _remedy(text: str, place: int) -> str:
    """What to write instead: an operator that was likely meant, or how selectors look."""
    word = re.match(r"[A-Za-z]*", text[place:])
    before = re.search(r"[A-Za-z]*[ \t]*$", text[:place])
    here, there = (found[0].strip().lower() if found else "" for found in (word, before))
    if sign := _SIGNS.get(here) or _SIGNS.get(there):
        return f"write {sign}"
    return likely(here, _OPERATORS) or "as app == 'web' && env in {'prod', 'test'}"


def _there(text: str, place: int) -> str:
    """What stands there, on one line."""
    rest = text[place : place + _SHOWN]
    return f", before {rest!r}" if rest else ", its end"
