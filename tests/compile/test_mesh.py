"""What a mesh's rules become in each circumstance, and what of one is told apart."""

from __future__ import annotations

from dataclasses import replace

import pytest

from flowcheck.compile.mesh.circumstances import Answers, Circumstance, Client, Questions
from flowcheck.compile.mesh.spoken import spoken_at
from flowcheck.model.mesh.requests import Asks, Carried, Part, Request, RequestExpression
from flowcheck.model.peers import AllOf, AnyOf, Not, Presents, Where
from flowcheck.model.policy import Rule
from flowcheck.model.verdict import Reason
from tests.meshes import DENY, denies, mesh_policy

GET, ADMIN = Asks(Part.METHOD, "GET"), Asks(Part.PATH, "/admin")
NOBODY: tuple[()] = ()


def under(rule: Rule, circumstance: Circumstance) -> Rule:
    policy = mesh_policy(DENY, rule)
    ((found,),) = (one.ingress for one in Questions.of([policy]).under([policy], circumstance))
    return found


def asked(request: RequestExpression, *answers: bool | None) -> str:
    """Whether the rule is there, is not, or is open."""
    found = under(denies(request=request), Circumstance(Client.OWN, Carried.HTTP, answers))
    if found.peers == NOBODY:
        return "no"
    return "open" if found.needs is Reason.NEEDS_L7 else "yes"


@pytest.mark.parametrize(
    ("answers", "both", "either"),
    [
        ((True, True), "yes", "yes"),
        ((True, False), "no", "yes"),
        ((True, None), "open", "yes"),
        ((None, False), "no", "open"),
        ((None, None), "open", "open"),
        ((False, False), "no", "no"),
    ],
)
def test_what_is_not_told_counts_where_it_decides(answers: Answers, both: str, either: str) -> None:
    assert asked(AllOf((GET, ADMIN)), *answers) == both
    assert asked(AnyOf((GET, ADMIN)), *answers) == either


@pytest.mark.parametrize(("answer", "said"), [(True, "no"), (False, "yes"), (None, "open")])
def test_not_what_is_not_told_is_not_told(answer: bool | None, said: str) -> None:
    assert asked(Not(GET), answer) == said


def test_a_rule_is_there_for_what_it_is_about() -> None:
    rule = denies(carried=Carried.HTTP)
    assert under(rule, Circumstance(Client.OWN, Carried.HTTP)) == rule
    assert under(rule, Circumstance(Client.OWN, Carried.TCP)) == replace(rule, peers=NOBODY)
    assert under(denies(), Circumstance(Client.OWN, Carried.TCP)) == denies()


def test_identities_become_everyone_or_nobody_where_they_are_given() -> None:
    some, other = Presents(".*/ns/a/.*"), Presents(".*/ns/b/.*")
    rule = denies(Where(AnyOf((some, Not(other)))))
    policy = mesh_policy(DENY, rule)
    questions = Questions.of([policy])
    answers = questions.of_identity("spiffe://cluster.local/ns/b/sa/a")
    given: dict[Client | Answers, Where] = {
        Client.OWN: Where(AnyOf((some, Not(other)))),
        Client.NONE: Where(AnyOf((AnyOf(()), Not(AnyOf(()))))),
        answers: Where(AnyOf((AnyOf(()), Not(AllOf(()))))),
    }
    for client, peer in given.items():
        assert under(rule, Circumstance(client, Carried.TCP)).peers == (peer,)


def test_a_pattern_is_about_the_whole_of_an_identity() -> None:
    questions = Questions.of([mesh_policy(DENY, denies(Where(Presents("spiffe://d/ns/a/sa/b"))))])
    for identity, matches in (("spiffe://d/ns/a/sa/b", True), ("spiffe://d/ns/a/sa/b2", False)):
        assert questions.of_identity(identity) == (matches,)
    assert questions.of_identity("x/spiffe://d/ns/a/sa/b") == (False,)


def test_what_records_tell_of_a_request_answers_what_is_asked() -> None:
    questions = Questions.of([mesh_policy(DENY, denies(request=AllOf((GET, ADMIN))))])
    assert questions.of_request(Request(method="GET")) == (True, None)
    assert questions.of_request(Request(method="PUT", path="/admin")) == (False, True)
    assert questions.of_request(Request(host="a")) == ()


@pytest.mark.parametrize(
    ("app_protocol", "name", "carried"),
    [
        ("", "http-web", Carried.HTTP),
        ("", "GRPC-web", Carried.HTTP),
        ("", "tcp-db", Carried.TCP),
        ("", "web-http", None),
        ("tcp", "http", Carried.TCP),
        ("kubernetes.io/h2c", "tcp", Carried.HTTP),
        ("example.com/mine", "http", None),
    ],
)
def test_what_a_port_of_a_service_says(app_protocol: str, name: str, carried: Carried | None) -> None:
    assert spoken_at(app_protocol, name) is carried
