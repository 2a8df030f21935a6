"""What an explanation is made of; as JSON it is what ``flowcheck explain -f json`` prints.

Names and numbers only; the sentences in ``text``, ``why`` and ``outcome`` are for people and may be reworded
in any version. Verdicts and reasons are the words of :mod:`flowcheck.model.verdict`.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from flowcheck.outcome import Shown

SCHEMA = 1
LATEST = "latest"

Match = Literal["yes", "no", "maybe"]
Reached = Literal["matched", "may_match", "not_matched", "not_asked"]


class Check(msgspec.Struct, frozen=True):
    """One peer or port entry of a rule, held against the flow: what it is for, and why it does not match.

    ``reason`` is the reason of a verdict that hangs on it, where it may match.
    """

    match: Match
    text: str
    why: str = ""
    reason: str = ""


class RuleStep(msgspec.Struct, frozen=True):
    """One rule, held against the flow. ``not_asked``: an earlier rule had already decided.

    ``peers`` and ``ports`` are one check for each entry, or a single one where the rule has no such list.
    Peers are told as they stand in the policy, where it is of Cilium's or Calico's language. ``subject``: one
    check, where the rule is not for all of its policy's subjects; ``source_ports``: one, where it asks for
    the port that the flow comes from; ``request``: one, where a mesh's rule asks for more of the connection.
    ``settle``: what would tell whether it
    matches, where no address and port do. ``level``: where it is asked in a tier that goes by levels, the
    lowest first, and of one level those that deny before those that allow.
    """

    rule: str
    action: str
    outcome: Reached
    peers: tuple[Check, ...] = ()
    ports: tuple[Check, ...] = ()
    source: str = ""
    subject: tuple[Check, ...] = ()
    source_ports: tuple[Check, ...] = ()
    settle: str = ""
    level: float | None = None
    request: tuple[Check, ...] = ()


class PolicyStep(msgspec.Struct, frozen=True):
    """One policy that selects the subject. ``isolates``: what no rule of its tier allows is denied.

    ``doubt`` says why it may select the subject or not; empty: it does. ``selector`` is whom it is for as it
    stands in the policy, where that is of Cilium's or Calico's language; ``order`` its place in a tier of
    Calico's. ``notes``: what else stands in it, such as rules that only log.
    """

    policy: str
    isolates: bool
    rules: tuple[RuleStep, ...] = ()
    source: str = ""
    doubt: str = ""
    selector: str = ""
    order: str = ""
    notes: tuple[str, ...] = ()


class TierStep(msgspec.Struct, frozen=True):
    """One tier that was asked, its policies in the order asked, and what came of it. Without policies: the
    default that is asked after all tiers."""

    tier: str
    policies: tuple[PolicyStep, ...]
    outcome: str
    ended: bool


class SideAnswer(msgspec.Struct, frozen=True):
    """What one side's policies say. ``why`` is the answer in a sentence; ``settle`` what would end a doubt.

    ``decided_by`` is as in an audit: ``kind/ns/name[rule]``, ``default-deny by kind/ns/name``, or empty.
    ``notes``: what is worth knowing beside, such as a policy that is only staged.
    """

    direction: str
    subject: str
    peer: str
    verdict: str
    reason: str
    decided_by: str
    why: str
    settle: str = ""
    tiers: tuple[TierStep, ...] = ()
    notes: tuple[str, ...] = ()


class MeshAnswer(SideAnswer, frozen=True):
    """What a mesh's policies say before the destination; its ``direction`` is ``mesh``. ``plane`` is
    ``sidecar``, ``ambient``, ``gateway``, ``linkerd``, ``waypoint``, or empty: the mesh has no say.
    ``clients``: the SPIFFE id that the client proves, ``none``, ``unknown`` (one that no input tells), or
    several where that is not told; ``carried``: likewise ``tcp``, ``http``, which ztunnel does not tell
    apart. Each ``..._because`` says why. ``waypoint`` is the proxy that may stand before it, as
    ``namespace/name``.
    """

    plane: str = ""
    plane_because: str = ""
    clients: tuple[str, ...] = ()
    clients_because: str = ""
    carried: tuple[str, ...] = ()
    carried_because: str = ""
    waypoint: str = ""


class EndAnswer(msgspec.Struct, frozen=True):
    """One end as it was asked for and what it was found to be."""

    given: str
    name: str
    kind: Literal["pod", "workload", "service", "node", "secondary", "external", "unknown"]
    text: str
    addresses: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class Case(msgspec.Struct, frozen=True):
    """Ends that policies do not tell apart, judged as one: ``src`` and ``dst`` stand for all of them.
    ``mesh``: None where no pod of the cluster is in a mesh."""

    src: str
    dst: str
    port: int | None
    verdict: str
    reason: str
    egress: SideAnswer
    ingress: SideAnswer
    sources: tuple[str, ...] = ()
    destinations: tuple[str, ...] = ()
    mesh: MeshAnswer | None = None


class Edit(msgspec.Struct, frozen=True):
    """One YAML text to apply. ``policy`` is the existing policy it is added to, empty for a new object."""

    direction: str
    text: str
    yaml: str
    policy: str = ""
    namespace: str = ""
    source: str = ""


class Change(msgspec.Struct, frozen=True):
    """The smallest change that would allow it. Not ``sufficient``: more is in the way."""

    sufficient: bool
    edits: tuple[Edit, ...] = ()
    notes: tuple[str, ...] = ()


class Explanation(msgspec.Struct, Shown, frozen=True):
    """The answer. ``reason``, ``why`` and ``settle`` speak of the whole; each case has its own. ``print``
    shows all of it.

    ``source_port``: None: any. ``left_out`` names the documents of the cluster that it does not know of, each
    with its place and problem: with them it may be another. So it may with the policies ``perhaps_in_force``,
    which it leaves out. ``engine`` says who enforces policies; empty: as they are written. ``at``: the moment
    that is shown, ``latest`` or in RFC 3339; empty: nothing of the cluster ever changes. ``names`` says of
    which time a DNS map tells, where one is used.
    """

    src: EndAnswer
    dst: EndAnswer
    port: int | None
    protocol: str
    verdict: str
    reason: str
    why: str
    settle: str
    cases: tuple[Case, ...]
    change: Change | None = None
    options: dict[str, str] = {}
    left_out: tuple[str, ...] = ()
    engine: str = ""
    source_port: int | None = None
    at: str = ""
    names: str = ""
    perhaps_in_force: tuple[str, ...] = ()
    schema: int = SCHEMA

    def __repr__(self) -> str:
        port = self.protocol if self.port is None else f"{self.port}/{self.protocol}"
        asked = f"{self.src.name} -> {self.dst.name} {port}"
        return f"<Explanation {asked!r} verdict={self.verdict} why={self.why!r}>"
