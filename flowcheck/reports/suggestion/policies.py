"""Policies as YAML, with what was seen as comments: what an input says is text in either, no more."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import yaml

from flowcheck.model.policy import Direction
from flowcheck.reports.parts.escape import escape
from flowcheck.reports.parts.ports import ports_text
from flowcheck.suggesting.languages.language import Language
from flowcheck.suggesting.needs import Policy
from flowcheck.suggesting.records import Seen, SuggestedPolicy, SuggestedRule

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*|[0-9A-Za-z][0-9A-Fa-f.:]*/[0-9]+")
_WORDS = frozenset({"y", "yes", "n", "no", "on", "off", "true", "false", "null"})
MOST_SAID = 20
"""Lines of comments on one rule; the rest is counted."""


def documents(
    policies: Sequence[Policy], told: Sequence[SuggestedPolicy], language: Language, head: Iterable[str]
) -> str:
    """All policies, as one file: a person's ``kubectl apply -f``. ``told``: the records of the policies."""
    parts = ["".join(_comments("", head))]
    for policy, record in zip(policies, told, strict=True):
        parts.append("---\n" + "".join(_document(policy, record, language)))
    return "".join(parts)


def _document(policy: Policy, told: SuggestedPolicy, language: Language) -> Iterator[str]:
    document = language.document(policy)
    spec = document.pop("spec")
    yield from _comments("", _about(told))
    yield _dumped(document)
    yield "spec:\n"
    directions = {str(direction): direction for direction in policy.directions}
    told_of = {rule.rule: rule for rule in told.rules}
    for key, value in spec.items():
        rules = policy.of(directions[key]) if key in directions else ()
        if not rules:
            yield _indented("  ", _dumped({key: value}))
            continue
        yield f"  {key}:\n"
        for number, rule in enumerate(rules):
            yield from _comments("  ", _why(told_of[f"{key}[{number}]"]))
            yield _indented("  ", _dumped([language.rule(rule, policy.unit.namespace)]))


def _about(told: SuggestedPolicy) -> Iterator[str]:
    pods = "1 pod" if told.pods == 1 else f"{told.pods:,} pods"
    yield f"{', '.join(told.workloads)}: {pods}, selected by {told.selector}"
    if told.also_selects:
        yield f"NOTE: this selects pods of {', '.join(told.also_selects)}, too"
    if not told.looks_up:
        yield "NOTE: no lookup in DNS was seen of it, and none is allowed"
    for direction in told.isolates:
        if not any(rule.direction == direction for rule in told.rules):
            verb = "came to" if direction == Direction.INGRESS else "was opened by"
            yield f"{direction}: nothing that needs a rule {verb} it"


def _why(rule: SuggestedRule) -> Iterator[str]:
    said = [line for seen in rule.seen for line in _lines(seen)]
    yield from said[:MOST_SAID]
    if len(said) > MOST_SAID:
        yield f"... and {len(said) - MOST_SAID:,} more lines: they are in suggestion.json"


def _lines(seen: Seen) -> Iterator[str]:
    yield f"{seen.peer} {ports_text(seen.protocol, seen.port)}: {amount(seen)}{''.join(_remarks(seen))}"
    for end in seen.ends:
        if end.end != seen.peer.partition("/")[0] or end.names:
            names = f" ({', '.join(end.names)})" if end.names else ""
            yield f"  {end.end}{names}: {amount(end)}"


def amount(one: Any) -> str:
    """How often and when something was seen."""
    if one.connections == 0:
        often = "1 record" if one.records == 1 else f"{one.records:,} records"
    else:
        often = "1 connection" if one.connections == 1 else f"{one.connections:,} connections"
    if one.first_seen == one.last_seen:
        return f"{often}, {one.first_seen}"
    return f"{often}, {one.first_seen} to {one.last_seen}"


def _remarks(seen: Seen) -> Iterator[str]:
    if seen.once:
        yield "; SEEN ONCE ONLY"
    if seen.by_service:
        yield "; one that a Service may have chosen"
    if seen.denied_by:
        yield f"; DENIED TODAY by {', '.join(seen.denied_by)}"
    if seen.refused:
        yield f"; also refused {seen.refused:,} times"


def _comments(indent: str, lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        yield f"{indent}# {escape(line)}\n"


class _Dumper(yaml.SafeDumper):
    """Quotes each text that any reader of YAML, 1.1 or 1.2, may take for something else."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    plain = _PLAIN.fullmatch(text) and text.lower() not in _WORDS
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, None if plain else "'")


_Dumper.add_representer(str, _text)


def _dumped(value: Any) -> str:
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, default_flow_style=False, width=1 << 20)


def _indented(indent: str, text: str) -> str:
    return "".join(f"{indent}{line}\n" for line in text.splitlines())
