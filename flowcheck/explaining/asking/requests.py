"""Whether a connection's request is what a rule of a mesh asks, as far as it is told."""

from __future__ import annotations

import re

from flowcheck.explaining.asking.found import Found, all_of, any_of, known, negated
from flowcheck.explaining.question import Asked
from flowcheck.explaining.records import Check
from flowcheck.model.mesh.requests import Asks, Carried, Part, Request, RequestExpression
from flowcheck.model.peers import AllOf, AnyOf, Not
from flowcheck.model.policy import Rule
from flowcheck.model.verdict import Reason


def check_request(rule: Rule, question: Asked) -> tuple[Check, ...]:
    """One check, where a rule asks for a request, or for what the proxy takes the connection."""
    way = question.way
    if way is None:
        return ()
    if rule.carried not in (None, way.carried):
        took = "HTTP" if way.carried is Carried.HTTP else "TCP"
        return (Check("no", f"taken for {str(rule.carried).upper()}", f"it is taken for {took}"),)
    if rule.request is None:
        return ()
    found, text = _holds(rule.request, way.request), request_text(rule.request)
    return (Check(found.match, text, "" if found.match == "yes" else found.why, found.reason),)


def _holds(what: RequestExpression, request: Request) -> Found:
    match what:
        case AllOf(parts):
            return all_of(_holds(part, request) for part in parts)
        case AnyOf(parts):
            return any_of(_holds(part, request) for part in parts)
        case Not(part):
            return negated(_holds(part, request))
        case Asks(part):
            told = request.part(part)
            if told is None:
                return Found("maybe", (f"{_named(what)} is not told",), Reason.NEEDS_L7)
            return known(what.matches(told), f"{_named(what)} is {told}")


def request_text(what: RequestExpression) -> str:
    match what:
        case AllOf(parts):
            return ", ".join(map(_inner, parts)) or "any request"
        case AnyOf(parts):
            return " or ".join(map(_inner, parts)) or "no request"
        case Not(part):
            return f"not {_inner(part)}"
        case Asks(part, pattern):
            return f"{_named(what)} {pattern if part is Part.OTHER else _as_written(pattern)}"


def _inner(what: RequestExpression) -> str:
    text = request_text(what)
    return f"({text})" if isinstance(what, AllOf | AnyOf) and len(what.parts) > 1 else text


def _named(asks: Asks) -> str:
    """What is asked for, as a person would call it."""
    return asks.name if asks.part is Part.OTHER else "SNI" if asks.part is Part.SNI else asks.part.value


def _as_written(pattern: str) -> str:
    """A regular expression as the value with wildcards that it was made of."""
    return re.sub(r"\\(.)|\.[*+]", lambda found: found[1] or "*", pattern)
