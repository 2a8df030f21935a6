"""Calico's selector language: text -> an expression over the labels of one thing.

    a == 'x'   a != 'x'   a in {'x', 'y'}   a not in {'x'}   has(a)   all()   global()
    a contains 'x'   a starts with 'x'   a ends with 'x'   ! && || ( )

``!`` binds closest, then ``&&``, then ``||``. ``!=`` and ``not in`` hold where there is no such label. An
empty text is ``all()``. A set may be empty, or end with a comma.

Source: libcalico-go/lib/selector/parser of Calico v3.32.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from flowcheck.dialects.calico.tokens import Kind, SelectorError, Token, tokens_of
from flowcheck.model.labels import Operator, Requirement
from flowcheck.model.peers import AllOf, AnyOf, Expression, Labelled, Not, Of

EVERYTHING: AllOf[Expression] = AllOf(())
NOTHING: AnyOf[Expression] = AnyOf(())

Clause = Callable[[Requirement], Expression]
"""What a clause about a label asks of a thing: whose label is meant depends on the field."""


def own(clause: Requirement) -> Expression:
    """A clause about the thing's own labels."""
    return Labelled(Of.OWN, clause)


_OF_TEXT = {
    Kind.EQUAL: Operator.IN,
    Kind.UNEQUAL: Operator.NOT_IN,
    Kind.CONTAINS: Operator.CONTAINS,
    Kind.STARTS_WITH: Operator.STARTS_WITH,
    Kind.ENDS_WITH: Operator.ENDS_WITH,
}
_OF_SET = {Kind.IN: Operator.IN, Kind.NOT_IN: Operator.NOT_IN}
_OPPOSITE = {
    Operator.IN: Operator.NOT_IN,
    Operator.NOT_IN: Operator.IN,
    Operator.EXISTS: Operator.DOES_NOT_EXIST,
    Operator.DOES_NOT_EXIST: Operator.EXISTS,
}


@dataclass(slots=True)
class _Group:
    """What stands between two parentheses, read so far; ``negated``: a ``!`` stands before it."""

    negated: bool = False
    sums: list[Expression] = field(default_factory=list)
    factors: list[Expression] = field(default_factory=list)

    def next_sum(self) -> None:
        self.sums.append(all_of(self.factors))
        self.factors = []

    def whole(self) -> Expression:
        self.next_sum()
        return negation(any_of(self.sums)) if self.negated else any_of(self.sums)


def parse_selector(text: str, clause: Clause = own, everything: Expression = EVERYTHING) -> Expression:
    """What a selector asks; ``everything`` is what ``all()`` means here, and ``global()``, where that is not
    a field's whole text. Raises SelectorError where it is no selector."""
    tokens = tokens_of(text)
    if len(tokens) == 1:
        return everything
    groups, place = [_Group()], 0
    while True:
        negated = False
        while tokens[place].kind is Kind.NOT:
            negated, place = not negated, place + 1
        if tokens[place].kind is Kind.OPEN:
            groups.append(_Group(negated))
            place += 1
            continue
        asked, place = _operand(tokens, place)
        operand = everything if asked is None else clause(asked)
        groups[-1].factors.append(negation(operand) if negated else operand)
        while tokens[place].kind is Kind.CLOSE and len(groups) > 1:
            groups[-2].factors.append(groups.pop().whole())
            place += 1
        match tokens[place].kind:
            case Kind.AND:
                place += 1
            case Kind.OR:
                groups[-1].next_sum()
                place += 1
            case Kind.END if len(groups) == 1:
                return groups[0].whole()
            case _:
                expected = "&&, || or )" if len(groups) > 1 else "&&, || or the end"
                raise SelectorError(f"expected {expected}", tokens[place].place)


def is_global(text: str) -> bool:
    """Whether a text is ``global()`` and nothing else."""
    return [token.kind for token in tokens_of(text)] == [Kind.GLOBAL, Kind.END]


def _operand(tokens: Sequence[Token], place: int) -> tuple[Requirement | None, int]:
    """A clause about one label, None where it is about none, and where the next token is."""
    token = tokens[place]
    match token.kind:
        case Kind.HAS:
            return Requirement(token.value, Operator.EXISTS), place + 1
        case Kind.ALL | Kind.GLOBAL:
            return None, place + 1
        case Kind.LABEL:
            return _comparison(tokens, place)
        case _:
            raise SelectorError("expected a label, has(), all(), ! or (", token.place)


def _comparison(tokens: Sequence[Token], place: int) -> tuple[Requirement, int]:
    name, operator = tokens[place].value, tokens[place + 1]
    place += 2
    if operator.kind in _OF_TEXT:
        text = _expect(tokens[place], Kind.TEXT)
        return Requirement(name, _OF_TEXT[operator.kind], frozenset((text.value,))), place + 1
    if operator.kind not in _OF_SET:
        raise SelectorError("expected an operator, as ==, !=, in or contains", operator.place)
    _expect(tokens[place], Kind.OPEN_SET)
    place += 1
    values = []
    while tokens[place].kind is Kind.TEXT:
        values.append(tokens[place].value)
        place += 1
        if tokens[place].kind is not Kind.COMMA:
            break
        place += 1
    _expect(tokens[place], Kind.CLOSE_SET)
    return Requirement(name, _OF_SET[operator.kind], frozenset(values)), place + 1


def _expect(token: Token, kind: Kind) -> Token:
    if token.kind is not kind:
        raise SelectorError(f"expected {kind}", token.place)
    return token


# -- and, or, not, without parts that say nothing ---------------------------------------------------


def all_of(parts: Sequence[Expression]) -> Expression:
    flat = [one for part in parts for one in (part.parts if isinstance(part, AllOf) else (part,))]
    return flat[0] if len(flat) == 1 else AllOf(tuple(flat))


def any_of(parts: Sequence[Expression]) -> Expression:
    return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))


def negation(what: Expression) -> Expression:
    match what:
        case Not(part):
            return part
        case Labelled(of, clause) if clause.operator in _OPPOSITE:
            return Labelled(of, clause._replace(operator=_OPPOSITE[clause.operator]))
        case _ if what == EVERYTHING:
            return NOTHING
        case _ if what == NOTHING:
            return EVERYTHING
        case _:
            return Not(what)
