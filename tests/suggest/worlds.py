"""Suggestions from flows in memory, without workers: what the tests of suggest start from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from flowcheck.compile import Program, compile_program
from flowcheck.engines.profiles import apply
from flowcheck.flows.canonical.columns import readable
from flowcheck.judging.batch import make_resolver, read_flows
from flowcheck.judging.contacts import Contacts, Met, contacts_of
from flowcheck.judging.keyed import KeyedFlows
from flowcheck.judging.moments import find_moments
from flowcheck.model.cluster import Cluster
from flowcheck.model.options import Options
from flowcheck.model.policy import Policy
from flowcheck.model.tiers import Tier
from flowcheck.reference import Tuple5
from flowcheck.reports.suggestion.policies import documents
from flowcheck.runners.request import AuditRequest
from flowcheck.runners.suggesting.applied import own_tier, read_policies, with_policies
from flowcheck.suggesting import telling
from flowcheck.suggesting.build import Draft, Wanted, draft
from flowcheck.suggesting.languages.calico import Calico
from flowcheck.suggesting.languages.cilium import Cilium
from flowcheck.suggesting.languages.kubernetes import Kubernetes
from flowcheck.suggesting.languages.language import Language
from tests.tools.conformance import to_table

PIECES = 7
"""Rows of a batch."""


def met_in(program: Program, table: pa.Table) -> Met:
    """The contacts of a table, counted as a task counts them."""
    keyed = KeyedFlows(program, find_moments(program.tables.services, program.tables.endpoints, None))
    contacts, resolver, first_row = Contacts(), make_resolver(program), 0
    for batch in table.combine_chunks().to_batches(max_chunksize=PIECES):
        plain = readable(batch)
        read = read_flows(program, resolver, plain)
        named = pa.array([-1] * batch.num_rows, pa.int32()).to_numpy()
        numbers, _, _ = keyed.add(read, named, first_row)
        contacts.add(contacts_of(program, keyed, numbers, plain, read))
        first_row += batch.num_rows
    return Met(program, contacts.rows())


@dataclass(frozen=True)
class Made:
    """``policies``: as they are read from ``text``; ``cluster``, ``options``: with them, as enforced."""

    draft: Draft
    text: str
    policies: tuple[Policy, ...]
    cluster: Cluster
    options: Options

    def reasons(self) -> set[str]:
        return {one.reason for one in self.draft.aside}

    def peers(self) -> dict[str, list[str]]:
        """By ``workload direction``: the peers of each rule and its ports, as text."""
        found: dict[str, list[str]] = {}
        for policy in self.draft.policies:
            for rule in policy.rules:
                said = f"{', '.join(map(str, rule.peers))} {', '.join(map(str, rule.ports))}"
                found.setdefault(f"{policy.unit.name} {rule.direction}", []).append(said)
        return found


def suggest(
    cluster: Cluster,
    options: Options,
    flows: Sequence[Tuple5] | pa.Table,
    wanted: Wanted | None = None,
    language: str = "kubernetes",
) -> Made:
    """A suggestion for a cluster as the language's own engine enforces it; NetworkPolicies for one that is as
    it is written."""
    wanted = wanted or Wanted()
    own: Language = {"cilium": Cilium(cluster), "calico": Calico()}.get(language, Kubernetes())
    enforced, judged_by = _enforced(cluster, options, language)
    table = flows if isinstance(flows, pa.Table) else to_table(flows)
    met = met_in(compile_program(enforced, judged_by), table)
    tier = Tier.NETWORK_POLICY
    if language != "kubernetes":
        tier = own_tier(cluster, own, AuditRequest(options, cni=language), documents)
    made = draft(met, enforced, tier, own, wanted)
    told = telling.told_policies(made.policies, telling.Names(None))
    text = documents(made.policies, told, own, ["head"]) if told else ""
    policies = read_policies(text) if text else ()
    after = _enforced(with_policies(cluster, policies, instead=wanted.everything), options, language)
    return Made(made, text, policies, *after)


def _enforced(cluster: Cluster, options: Options, language: str) -> tuple[Cluster, Options]:
    if language == "kubernetes":
        return cluster, options
    enforced = apply(cluster, options, language)
    return enforced.cluster, enforced.options
