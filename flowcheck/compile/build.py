"""From a cluster to a program, in five steps: axis; sets and rows; classes; tables; words.

The middle three are taken for each direction, in ``rules/directions.py``.
"""

from __future__ import annotations

import numpy as np

from flowcheck import arrays as a
from flowcheck.arrays import Int32, Tables
from flowcheck.compile.endpoints.addresses import build_table
from flowcheck.compile.endpoints.asked import Asked
from flowcheck.compile.endpoints.axis import Axis
from flowcheck.compile.endpoints.beside import beside_pods
from flowcheck.compile.endpoints.layout import build_axis, timed_table
from flowcheck.compile.endpoints.names import locate_addresses, name_endpoints, node_names
from flowcheck.compile.endpoints.virtual import port_table
from flowcheck.compile.members import list_service_ports
from flowcheck.compile.mesh.build import build_mesh, see
from flowcheck.compile.program import Program, with_mesh
from flowcheck.compile.rules.decisions import written_rules
from flowcheck.compile.rules.directions import CompiledDirection, Rulebook, compile_direction
from flowcheck.compile.translation import build_services
from flowcheck.model.cluster import Cluster
from flowcheck.model.options import Options
from flowcheck.model.policy import Direction
from flowcheck.model.tiers import Layer
from flowcheck.uncollected import uncollected


def compile_program(cluster: Cluster, options: Options = Options()) -> Program:  # noqa: B008 - frozen
    """Compile a cluster and its policies into decision tables, and the words to read them by.

    **Raises**: CompileError when a table would not fit, or a rule cannot be expressed.
    """
    with uncollected():
        return _compile(cluster, options)


def _compile(cluster: Cluster, options: Options) -> Program:
    cluster = cluster.unchanged_for(options.assume_unchanged)
    axis = axis_of(cluster, options)
    written = [policy for policy in cluster.policies if policy.tier.layer is Layer.NETWORK]
    rulebook = Rulebook.of(axis, cluster, written, options)
    ingress = compile_direction(Direction.INGRESS, rulebook)
    egress = compile_direction(Direction.EGRESS, rulebook)
    service_ports = list_service_ports(axis, cluster, options.skew)
    seen = see(axis, cluster, options, service_ports)
    endpoints = _endpoint_table(axis, ingress, egress, options)
    naming = name_endpoints(axis, endpoints, options.skew, None if seen is None else seen.alike)
    decisions = rulebook.decisions
    tables = Tables(
        addresses=build_table(axis.owners),
        timed=timed_table(axis),
        shared=port_table(axis, len(naming.endpoints)),
        services=build_services(axis, cluster, service_ports, naming.endpoints, options.skew),
        endpoints=naming.endpoints,
        epoch_start=np.array([epoch.start for epoch in rulebook.epochs.epochs], dtype=np.int64),
        port_class=rulebook.ports.class_of,
        other_port=rulebook.ports.other,
        without_port=rulebook.ports.without_number(),
        own_peer=naming.own_peer,
        source_class=rulebook.sources.class_of,
        n_sources=rulebook.sources.n,
        ingress=ingress.table,
        egress=egress.table,
        verdict=decisions.verdict,
        reason=decisions.reason,
    )
    network = Program(
        tables=tables,
        n_rows=len(ingress.rows.subject) + len(egress.rows.subject),
        decisions=decisions.listed(),
        rules=written_rules(rulebook.rules),
        endpoint_names=naming.names,
        groups=naming.groups,
        namespaces=naming.namespaces,
        by_pod=naming.by_pod,
        by_uid=naming.by_uid,
        by_workload=naming.by_workload,
        address_of=naming.address_of,
        beside_pod=beside_pods(axis),
        service_ports=tuple((axis.services[one.service], one.port) for one in service_ports),
        unresolved=axis.unresolved,
        options=options,
        cluster=cluster,
        nodes=node_names(axis),
        located=locate_addresses(axis, cluster),
    )
    if seen is None:
        return network
    rest = axis, cluster, options, seen, naming.alike, tables, service_ports, len(network.decisions)
    return with_mesh(network, *build_mesh(*rest))


def axis_of(cluster: Cluster, options: Options) -> Axis:
    """The endpoint axis of a cluster: what the endpoint numbers of its program stand for."""
    return build_axis(cluster, Asked.of(cluster, options), options.skew, options.cluster_ranges)


def _endpoint_table(
    axis: Axis, ingress: CompiledDirection, egress: CompiledDirection, options: Options
) -> Int32:
    """(endpoints, 8) int32 without groups, which :mod:`flowcheck.compile.endpoints.names` numbers;
    (endpoints, 10) with own_peer of :class:`~flowcheck.arrays.Tables`, where policies see own nodes."""
    table = np.zeros((len(axis.endpoints), 10 if axis.as_own else 8), dtype=np.int32)
    table[:, a.INGRESS_SUBJECT] = ingress.subject
    table[:, a.INGRESS_PEER] = ingress.peer
    table[:, a.EGRESS_SUBJECT] = egress.subject
    table[:, a.EGRESS_PEER] = egress.peer
    table[:, a.POD] = [e.pod for e in axis.endpoints] if options.same_pod == "allowed" else -1
    table[:, a.NODE] = [e.node for e in axis.endpoints]
    table[:, a.KIND] = [e.kind if e.kind < a.KIND_OWN_NODE else a.KIND_UNRESOLVED for e in axis.endpoints]
    for node, as_own in axis.as_own.items():
        table[node, 8:] = ingress.peer[as_own], egress.peer[as_own]
    return table
