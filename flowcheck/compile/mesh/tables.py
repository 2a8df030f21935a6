"""A mesh's policies -> tables: those of ingress as if there were no others, once for each circumstance.

The same steps as for network policies make them, so whatever is said there of ends, times, Services and ports
holds here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from flowcheck import arrays as a
from flowcheck.arrays import DirectionTable, Int32, Tables, UInt8
from flowcheck.compile.endpoints.axis import Axis
from flowcheck.compile.members import Listing
from flowcheck.compile.mesh.circumstances import Circumstance, Questions
from flowcheck.compile.mesh.waypoints import endpoints_seen, services_seen
from flowcheck.compile.rules.decisions import Decisions, NumberedRule
from flowcheck.compile.rules.directions import Rulebook, compile_direction
from flowcheck.compile.translation import build_services
from flowcheck.model.cluster import Cluster
from flowcheck.model.options import Options
from flowcheck.model.policy import Direction, Policy


def let_through(verdict: UInt8) -> UInt8:
    """(decisions,) the verdicts in tables: what the mesh does not reach is let through as what it allows
    is, so that a Service's backends do not differ by that."""
    found = verdict.copy()
    found[a.NO_SUBJECT] = a.ALLOW
    return found


@dataclass
class MeshCompiler:
    """Makes the tables of one circumstance after the other. ``policies``: all that are asked, in every
    circumstance with as many rules, so that a rule has one number in ``decisions``. ``whole``: the tables of
    network policies. ``like`` (endpoints,) int32: the end on the axis that nothing a mesh's policies ask
    tells from an endpoint, be it one that only names need."""

    axis: Axis
    cluster: Cluster
    options: Options
    policies: Sequence[Policy]
    questions: Questions
    listings: Sequence[Listing]
    whole: Tables
    like: Int32
    rules: Sequence[NumberedRule] = ()
    decisions: Decisions | None = None

    def all_decisions(self) -> Decisions:
        """What can come out under any circumstance: the first tables have all of it."""
        if self.decisions is None:
            raise ValueError("no tables were made yet")
        return self.decisions

    def rulebook(self, circumstance: Circumstance) -> Rulebook:
        """The policies in a circumstance. A waypoint's may be for what is no pod."""
        chosen = self.questions.under(self.policies, circumstance)
        is_open = circumstance.by_waypoint and self.questions.at_waypoints
        no_subject = a.UNKNOWN_DECISION + a.REASON_NEEDS_L7 if is_open else a.NO_SUBJECT
        return Rulebook.of(self.axis, self.cluster, chosen, self.options, self.decisions, no_subject)

    def tables(self, circumstance: Circumstance) -> Tables:
        """In them egress says nothing, and nobody's own node is asked about."""
        rulebook = self.rulebook(circumstance)
        self.decisions, self.rules = rulebook.decisions, rulebook.rules
        made = compile_direction(Direction.INGRESS, rulebook)
        endpoints = self.whole.endpoints.copy()
        endpoints[:, a.INGRESS_SUBJECT] = made.subject[self.like]
        endpoints[:, a.INGRESS_PEER] = made.peer[self.like]
        endpoints[:, [a.EGRESS_SUBJECT, a.EGRESS_PEER]] = 0
        if circumstance.by_waypoint:
            endpoints = endpoints_seen(endpoints)
        services = build_services(self.axis, self.cluster, self.listings, endpoints, self.options.skew)
        if circumstance.by_waypoint:
            services = services_seen(services)
        n_epochs, n_sources, width = len(rulebook.epochs.epochs), rulebook.sources.n, rulebook.ports.width
        return self.whole._replace(
            services=services,
            endpoints=endpoints,
            epoch_start=np.array([epoch.start for epoch in rulebook.epochs.epochs], dtype=np.int64),
            port_class=rulebook.ports.class_of,
            other_port=rulebook.ports.other,
            without_port=rulebook.ports.without_number(),
            own_peer=np.zeros((0, 2), dtype=np.int32),
            source_class=rulebook.sources.class_of,
            n_sources=n_sources,
            ingress=made.table,
            egress=DirectionTable(
                row=np.zeros((n_epochs * n_sources, 1), dtype=np.int32),
                vector=np.zeros((1, 1), dtype=np.uint16),
                decision=np.full((1, width), a.NO_SUBJECT, dtype=np.int32),
            ),
            verdict=let_through(rulebook.decisions.verdict),
            reason=rulebook.decisions.reason,
        )
