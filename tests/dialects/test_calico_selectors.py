"""Calico's selector language: what holds, and at which character a text goes wrong."""

from __future__ import annotations

import inspect
import sys

import pytest

from flowcheck.dialects.calico.labels import of_a_thing, of_its_account, of_its_namespace
from flowcheck.dialects.calico.selectors import EVERYTHING, NOTHING, is_global, parse_selector
from flowcheck.dialects.calico.tokens import SelectorError
from flowcheck.model.cluster import NAMESPACE_NAME_LABEL
from flowcheck.model.labels import Operator, Requirement
from flowcheck.model.peers import Account, AllOf, AnyOf, Expression, IsA, Kind, Labelled, Not, Of

POD = IsA(Kind.POD)


def own(key: str, operator: Operator, *values: str) -> Expression:
    return Labelled(Of.OWN, Requirement(key, operator, frozenset(values)))


def holds(what: Expression, labels: dict[str, str]) -> bool:
    match what:
        case AllOf(parts):
            return all(holds(part, labels) for part in parts)
        case AnyOf(parts):
            return any(holds(part, labels) for part in parts)
        case Not(part):
            return not holds(part, labels)
        case Labelled(_, clause):
            return clause.matches(labels)
        case _:
            raise AssertionError(what)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", EVERYTHING),
        (" \t", EVERYTHING),
        ("all()", EVERYTHING),
        ("all(  )", EVERYTHING),
        ("!all()", NOTHING),
        ("!!all()", EVERYTHING),
        ("global()", EVERYTHING),
        ("has( a/b.c-d_e )", own("a/b.c-d_e", Operator.EXISTS)),
        ("!has(a)", own("a", Operator.DOES_NOT_EXIST)),
        ("a=='x'", own("a", Operator.IN, "x")),
        ('a == "it\'s"', own("a", Operator.IN, "it's")),
        ("a != ''", own("a", Operator.NOT_IN, "")),
        ("!(a == 'x')", own("a", Operator.NOT_IN, "x")),
        ("a in {}", own("a", Operator.IN)),
        ("a in {'x','y',}", own("a", Operator.IN, "x", "y")),
        ("a notin{'x'}", own("a", Operator.NOT_IN, "x")),
        ("a not \t in {'x'}", own("a", Operator.NOT_IN, "x")),
        ("a contains'x'", own("a", Operator.CONTAINS, "x")),
        ("a startswith 'x'", own("a", Operator.STARTS_WITH, "x")),
        ("a ends  with 'x'", own("a", Operator.ENDS_WITH, "x")),
        ("!(a contains 'x')", Not(own("a", Operator.CONTAINS, "x"))),
        ("in in {'in'}", own("in", Operator.IN, "in")),
        ("hash == 'x'", own("hash", Operator.IN, "x")),
        ("((a == 'x'))", own("a", Operator.IN, "x")),
    ],
)
def test_what_a_text_means(text: str, expected: Expression) -> None:
    assert parse_selector(text) == expected


@pytest.mark.parametrize(
    ("text", "labels", "expected"),
    [
        ("has(a) || has(b) && has(c)", {"a": ""}, True),
        ("(has(a) || has(b)) && has(c)", {"a": ""}, False),
        ("!has(a) && has(b)", {"b": ""}, True),
        ("!(has(a) && has(b))", {"b": ""}, True),
        ("!(has(a) || has(b)) || has(c)", {"b": "", "c": ""}, True),
        ("!(!(has(a) && !(has(b) || has(c))))", {"a": ""}, True),
        ("!has(a) || a starts with 'p' && b in {'x'}", {"a": "pq", "b": "x"}, True),
        ("!has(a) || a starts with 'p' && b in {'x'}", {"a": "pq", "b": "y"}, False),
        ("!has(a) || a starts with 'p' && b in {'x'}", {}, True),
        ("a != 'b'", {}, True),
        ("a not in {'c'}", {}, True),
        ("a contains ''", {}, False),
    ],
)
def test_what_binds_closer(text: str, labels: dict[str, str], expected: bool) -> None:
    assert holds(parse_selector(text), labels) is expected


def test_depth_is_no_limit() -> None:
    """Each level would take a frame of Python's if reading went down with them."""
    deep = "(" * 66 + "has(a)" + ")" * 66
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack(0)) + 50)
    try:
        assert parse_selector(deep) == own("a", Operator.EXISTS)
    finally:
        sys.setrecursionlimit(before)
    assert holds(parse_selector("!(has(b) || " * 80 + "has(a)" + ")" * 80), {"a": ""})


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("a", 1, "an operator"),
        ("a b", 2, "an operator"),
        ("a =", 2, "expected =="),
        ("a = 'x'", 2, "expected =="),
        ("a == 1", 5, "text in quotes"),
        ("a == b", 5, "text in quotes"),
        ("a == 'x", 5, "no closing quote"),
        ("a in 'x'", 5, "expected {"),
        ("a in {'x' 'y'}", 10, "expected }"),
        ("a in {x}", 6, "expected }"),
        ("a & b", 2, "expected &&"),
        ("has(a) & has(b)", 7, "expected &&"),
        ("has(a) | has(b)", 7, "expected ||"),
        ("has(a) &&", 9, "expected a label"),
        ("has(a) has(b)", 7, "expected &&"),
        ("has(a))", 6, "the end"),
        ("(has(a)", 7, "or )"),
        ("()", 1, "expected a label"),
        ("has()", 4, "the name of a label"),
        ("has(a", 5, "expected )"),
        ("all(", 4, "expected )"),
        ("all(a)", 4, "expected )"),
        ("a\n== 'x'", 1, "an operator"),
        ("$a == 'x'", 0, "the name of a label"),
        ("a !in {'x'}", 2, "an operator"),
        ("a containsx 'y'", 2, "an operator"),
        ("a" * 513 + " == 'x'", 0, "at most 512"),
    ],
)
def test_where_it_goes_wrong(text: str, place: int, message: str) -> None:
    with pytest.raises(SelectorError) as caught:
        parse_selector(text)
    assert (caught.value.place, message in caught.value.message) == (place, True), caught.value.message


def test_global_alone() -> None:
    assert is_global("global()")
    assert is_global(" global( ) ")
    assert not is_global("!global()")
    assert not is_global("global() || has(a)")


def test_whose_label_a_key_means() -> None:
    named = Requirement("projectcalico.org/namespace", Operator.IN, frozenset({"x"}))
    of_namespace = Labelled(Of.NAMESPACE, named._replace(key=NAMESPACE_NAME_LABEL))
    assert of_a_thing(named) == of_namespace
    assert of_a_thing(named._replace(key="pcns.projectcalico.org/name")) == of_namespace
    assert of_its_namespace(named._replace(key="projectcalico.org/name")) == of_namespace
    assert of_a_thing(named._replace(key="pcns.env")) == Labelled(Of.NAMESPACE, named._replace(key="env"))
    assert of_a_thing(named._replace(key="pcsa.env")) == Labelled(Of.ACCOUNT, named._replace(key="env"))
    assert of_its_account(named._replace(key="env")) == Labelled(Of.ACCOUNT, named._replace(key="env"))
    assert of_a_thing(named._replace(key="env")) == Labelled(Of.OWN, named._replace(key="env"))


@pytest.mark.parametrize("key", ["projectcalico.org/serviceaccount", "pcsa.projectcalico.org/name"])
def test_names_of_accounts(key: str) -> None:
    long = "a" * 63

    def asked(operator: Operator, *values: str) -> Expression:
        return of_a_thing(Requirement(key, operator, frozenset(values)))

    assert asked(Operator.IN, "web", long) == Account(frozenset({"web"}))
    assert asked(Operator.IN, long) == NOTHING
    assert asked(Operator.NOT_IN, "web") == Not(Account(frozenset({"web"})))
    assert asked(Operator.EXISTS) == POD
    assert asked(Operator.DOES_NOT_EXIST) == Not(POD)
    assert asked(Operator.STARTS_WITH, "w") == Labelled(
        Of.ACCOUNT, Requirement("projectcalico.org/name", Operator.STARTS_WITH, frozenset({"w"}))
    )


def test_orchestrator_is_kubernetes_of_pods() -> None:
    clause = Requirement("projectcalico.org/orchestrator", Operator.IN, frozenset({"k8s"}))
    others = AllOf((Not(POD), Labelled(Of.OWN, clause)))
    assert of_a_thing(clause) == AnyOf((POD, others))
    other = clause._replace(values=frozenset({"x"}))
    assert of_a_thing(other) == AllOf((Not(POD), Labelled(Of.OWN, other)))
