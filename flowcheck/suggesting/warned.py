"""What to look at before a suggestion is applied, in sentences."""

from __future__ import annotations

from collections.abc import Iterator

from flowcheck.counted import counted, listed
from flowcheck.model.policy import Direction
from flowcheck.suggesting.build import Draft
from flowcheck.suggesting.found import UNKNOWN_ENDS
from flowcheck.suggesting.needs import Block, Need, Ports
from flowcheck.suggesting.telling import selector_text

MANY_BLOCKS = 200
"""Of one policy, past which a warning says so."""


def warnings(draft: Draft) -> Iterator[str]:
    """All that there are."""
    deaf = [
        policy.unit.name
        for policy in draft.policies
        if Direction.EGRESS in policy.directions and not policy.looks_up
    ]
    if deaf:
        whose = counted(len(deaf), "workload")
        yield (
            f"no lookup in DNS (port 53) was seen of {whose} whose egress is isolated: {listed(deaf)}; "
            "without one they reach nobody by name"
        )
    for unit in draft.wide:
        if unit.selector is None:
            yield (
                f"nothing that stays selects the pods of {unit.name}, so rules about them take all pods of "
                f"namespace {unit.namespace}: label them"
            )
        else:
            yield (
                f"{selector_text(unit.selector)} selects pods of {listed(unit.others)}, too, not only of "
                f"{unit.name}: give it a label of its own"
            )
    alone = [name for name in draft.without_labels if name not in {unit.name for unit in draft.wide}]
    if alone:
        yield f"no policy can select the pods of {listed(alone)}, which have no label that stays"
    for policy in draft.policies:
        blocks = {peer for rule in policy.rules for peer in rule.peers if isinstance(peer, Block)}
        if len(blocks) > MANY_BLOCKS:
            yield (
                f"{policy.unit.name} has {len(blocks):,} blocks of addresses outside, as if it were for "
                "anyone: --common-prefix joins them"
            )
    yield from _of_unknown_ends(draft)
    needs = [need for policy in draft.policies for rule in policy.rules for need in rule.needs]
    denied, refused = [one for one in needs if one.denied_by], [one for one in needs if one.refused]
    if denied:
        yield (
            f"{counted(len(denied), 'thing')} that went through though policies deny it today would be "
            f"allowed, first {_said(denied[0])}: see denied_by"
        )
    if refused:
        yield (
            f"{counted(len(refused), 'thing')} would be allowed that the network refused at other times, or "
            f"at another end, first {_said(refused[0])}: see refused"
        )


def _of_unknown_ends(draft: Draft) -> Iterator[str]:
    """What has no rule, as nobody knows the other end, of workloads that would be isolated."""
    isolated = {(policy.unit.name, way) for policy in draft.policies for way in policy.directions}
    lost = [
        (tally.records, aside)
        for aside, tally in draft.aside.items()
        if aside.reason in UNKNOWN_ENDS
        and not isolated.isdisjoint(
            ((aside.source, Direction.EGRESS), (aside.destination, Direction.INGRESS))
        )
    ]
    if lost:
        _, first = max(lost, key=lambda one: (one[0], one[1].source, one[1].destination))
        yield (
            f"{counted(sum(records for records, _ in lost), 'record')} with an end that nobody knows, of "
            "workloads that would be isolated, would be denied, as no rule can be made of them: most "
            f"{first.source} -> {first.destination} ({first.reason})"
        )


def _said(need: Need) -> str:
    port = Ports(need.protocol, need.port, need.port)
    return f"{need.direction} of {need.subject.name}, {need.peer}, {port}"
