"""Whether the entries of a rule match the flow, and why (not), in words: ``model/policy.py`` with reasons.

A peer is told as it stands in the policy where its language has words of its own, else in ours.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence

from flowcheck.counted import counted, listed
from flowcheck.explaining.asking.found import Found, known
from flowcheck.explaining.asking.texts import expression_text, peer_text
from flowcheck.explaining.asking.whom import Whom, inside
from flowcheck.explaining.question import Asked
from flowcheck.explaining.records import Check, Match
from flowcheck.explaining.words import query_text
from flowcheck.model.mesh.written import Authorization, AuthorizationAction, PeerAuthentication
from flowcheck.model.peers import AnyOf, Peer, Subject
from flowcheck.model.policy import AddressBlock, PodQuery, Policy, Rule
from flowcheck.model.verdict import Reason

Hanging = tuple[Reason, str, Hashable]
"""What a rule or policy hangs on: why it is open, for the subject or the peer, and the selector that asks, or
the name of the policy or rule that is open itself."""

IN_DOUBT = {
    Reason.UNSUPPORTED_FIELD: "cannot be read (see the warnings)",
    Reason.NEEDS_L7: "asks for the request (layer 7), which no address and port tell",
    Reason.NEEDS_AUTHENTICATION: "requires authentication, of which no flow tells",
    Reason.NO_SERVICE: "is about the API server, and no input tells where it is",
    Reason.NEEDS_IDENTITY: "asks who the client proves to be, which no input tells",
    Reason.AMBIGUOUS_POLICY: "may be asked before others of its priority or after",
}

"""What part of a policy is open, and why."""
SETTLES = {
    Reason.NEEDS_L7: "Hubble's layer 7 records tell which requests it let through",
    Reason.NEEDS_AUTHENTICATION: "Hubble's records tell which connections were dropped for want of it",
    Reason.NEEDS_DNS: "--dns-map FILE, of names with their addresses or of Hubble's records of DNS",
}
"""What would tell it, if nothing was given that could."""
OF_MESH = {
    Reason.NEEDS_L7: (
        "Envoy's access log (of a sidecar or a waypoint) tells the request; --method, --path, --host "
        "and --sni ask about one"
    ),
    Reason.NEEDS_IDENTITY: (
        "the access log of ztunnel or Envoy tells the client's identity; --principal asks about one"
    ),
}
"""The same of a mesh."""


def why_open(policy: Policy, reason: Reason) -> str:
    """What leaves a policy or a rule open."""
    written = policy.mesh
    if isinstance(written, Authorization) and reason is Reason.NEEDS_L7:
        if written.targets:
            return "is asked by a gateway or a waypoint, and no record tells what that lets through"
        if written.action is AuthorizationAction.CUSTOM:
            return "asks an authorizer, whose answer no record tells"
        return "asks for the request (layer 7), which is not told"
    if isinstance(written, PeerAuthentication) and reason is Reason.NEEDS_IDENTITY:
        return "has mutual TLS off: clients may send plain bytes"
    return IN_DOUBT.get(reason, str(reason))


def settles(reason: Reason, question: Asked) -> str:
    """What would tell whether an open rule matches."""
    if question.way is not None:
        return OF_MESH.get(reason, "")
    if reason is Reason.NEEDS_DNS and question.names is not None:
        return "a DNS map that tells of this time, or --at a time that the one given tells of"
    return SETTLES.get(reason, "")


def together(checks: Iterable[Check]) -> Match:
    """Entries of one list are alternatives."""
    matches = {check.match for check in checks}
    return "yes" if "yes" in matches else "maybe" if "maybe" in matches else "no"


def check_peers(policy: Policy, rule: Rule, question: Asked) -> tuple[tuple[Check, ...], tuple[Hanging, ...]]:
    """The peers of a rule, and by what of them it may be about this one; nothing where it surely is or is
    not. Absent peers are everybody, an empty list is nobody. Of a rule that is open they only may be."""
    whom, written = Whom(question, "peer"), rule.written
    if rule.peers is None:
        checks: tuple[Check, ...] = (Check("yes", "everyone"),)
    elif not rule.peers:
        why = (
            f"{', '.join(written)} stands for nobody"
            if written
            else "the rule has no peer that is understood"
        )
        checks = (Check("no", ", ".join(written) or "nobody", why),)
    else:
        found = [_of_names(rule, peer, whom) for peer in rule.peers]
        if len(written) == len(found):
            texts = written
        else:
            texts = tuple(", ".join(written) or _text(rule, peer) for peer in rule.peers)
        checks = tuple(_check(one, text) for one, text in zip(found, texts, strict=True))
        if written and len(written) != len(found):
            checks = _joined(checks)
    if rule.open_for:
        what = "part of the rule" if rule.unread else "the rule"
        checks = tuple(
            _in_doubt(check, what, why_open(policy, rule.open_for), rule.open_for) for check in checks
        )
        name = (rule.open_for, "peer", f"{policy}[{rule.label}]")
        return checks, (name,) if together(checks) == "maybe" else ()
    if together(checks) != "maybe":
        return checks, ()
    hanging = [
        (one.reason, "peer", whom.asked_for(peer))
        for peer, one in zip(rule.peers or (), found, strict=True)
        if one.match == "maybe"
    ]
    return checks, tuple(dict.fromkeys(hanging))


def _of_names(rule: Rule, peer: Peer, whom: Whom) -> Found:
    """What is said of addresses is said of the names that had them, where a rule is about those."""
    found = whom.is_one_of(peer)
    outside = whom.end.pod is None and whom.end.node is None
    if found.match != "no" or not outside or not _stands_for_names(rule, peer):
        return found
    n_addresses = len(peer.parts) if isinstance(peer, AnyOf) else 0
    had = counted(n_addresses, "address", "addresses")
    of = f"of {listed(rule.names)} at this moment"
    if not n_addresses:
        return known(False, f"the DNS map tells of no address {of}")
    return known(False, f"{whom.end.address} is none of the {had} that the DNS map tells {of}")


def _text(rule: Rule, peer: Peer) -> str:
    return f"domain names {', '.join(rule.names)}" if _stands_for_names(rule, peer) else peer_text(peer)


def _stands_for_names(rule: Rule, peer: Peer) -> bool:
    return bool(rule.names) and isinstance(peer, AnyOf)


def _joined(checks: Sequence[Check]) -> tuple[Check, ...]:
    """What stands as one entry in the policy, and is several to the network plugin."""
    match = together(checks)
    same = [check for check in checks if check.match == match]
    why = "; ".join(dict.fromkeys(check.why for check in same if check.why))
    return (Check(match, same[0].text, why, same[0].reason),)


def check_subject(policy: Policy, question: Asked) -> tuple[Check, Hanging | None]:
    """Whether a policy is for the subject; perhaps, where its selector asks for what no input tells, or
    cannot be read."""
    return check_whom(policy, policy.subject, question)


def check_whom(policy: Policy, subject: Subject, question: Asked) -> tuple[Check, Hanging | None]:
    """The same of a part of its subjects."""
    whom = Whom(question, "subject")
    found = whom.is_one_of(subject)
    text = policy.written or (
        query_text(subject) if isinstance(subject, PodQuery) else expression_text(subject.what)
    )
    check = _check(found, text)
    if policy.open_for:
        what = "part of the subject" if policy.unread else "the policy"
        check = _in_doubt(check, what, why_open(policy, policy.open_for), policy.open_for)
        return check, (policy.open_for, "subject", str(policy)) if check.match == "maybe" else None
    return check, (found.reason, "subject", whom.asked_for(subject)) if check.match == "maybe" else None


def check_rule_subject(rule: Rule, question: Asked) -> tuple[Check | None, Hanging | None]:
    """Whether a rule is for the subject, where it is not for all of its policy's."""
    if rule.subject is None:
        return None, None
    found = Whom(question, "subject").is_one_of(rule.subject)
    check = _check(found, rule.written_subject or peer_text(rule.subject))
    return check, (found.reason, "subject", rule.subject) if check.match == "maybe" else None


def _check(found: Found, text: str) -> Check:
    return (
        Check(found.match, text)
        if found.match == "yes"
        else Check(found.match, text, found.why, found.reason)
    )


def _in_doubt(check: Check, what: str, why: str, reason: Reason) -> Check:
    return check if check.match == "no" else Check("maybe", check.text, f"{what} {why}", reason)


def exception_of(block: AddressBlock, address: str) -> str:
    """The exception that takes an address out of a block it lies in; empty where there is none."""
    if not inside(address, block.cidr):
        return ""
    return next((gap for gap in block.excepts if inside(address, gap)), "")
