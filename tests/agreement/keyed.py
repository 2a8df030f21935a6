"""What tasks say of rows by their keys, held against what is said of each row alone."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from flowcheck import arrays as a
from flowcheck.balance.count.tally import Tally
from flowcheck.balance.expect.plan import named_ports, plan_counting
from flowcheck.compile import Program
from flowcheck.flows.canonical.columns import readable
from flowcheck.judging.batch import judge_flows, make_resolver, read_flows
from flowcheck.judging.keyed import KeyedFlows
from flowcheck.judging.moments import find_moments
from flowcheck.kernels.attribute import attribute
from flowcheck.model.cluster import Cluster

PIECES = 5
"""Rows of a batch: few, so that keys that one batch met are met again in others."""


def assert_keys_say_the_same(program: Program, cluster: Cluster, table: pa.Table) -> None:
    """Every row, at its own time and at those of others, in small batches: by verdict and by the service port
    it is counted for."""
    _, plan = plan_counting(program, cluster)
    services, endpoints = program.tables.services, program.tables.endpoints
    keyed = KeyedFlows(program, find_moments(services, endpoints, plan.counting))
    tally, resolver, first_row = Tally(), make_resolver(program), 0
    firsts: list[a.Attributed] = []
    for batch in pa.concat_tables(at_other_times(table)).combine_chunks().to_batches(max_chunksize=PIECES):
        plain = readable(batch)
        read = read_flows(program, resolver, plain)
        named = named_ports(plan, plain, read.flows.protocol)
        numbers, new, flows = keyed.add(read, named, first_row)
        if len(new):
            verdict = keyed.judged.verdict[-len(new) :]
            firsts.append(tally.attribute(plan.counting, flows, verdict, named[new]))
        alone = judge_flows(program, read.flows, read.several, read.told)
        kept = read.flows.judge != 0
        assert ((numbers >= 0) == kept).all()
        for of_row, of_key in zip(alone, keyed.judged, strict=True):
            assert (of_row[kept] == of_key[numbers[kept]]).all()
        n = batch.num_rows
        attributed = a.Attributed(
            np.empty(n, np.uint8), np.empty(n, np.int32), np.empty(n, np.int64), np.empty(n, np.int32)
        )
        attribute(plan.counting, read.flows, alone.verdict, named, attributed)
        by_key = a.Attributed(*map(np.concatenate, zip(*firsts, strict=True))) if firsts else attributed
        for of_row, of_key in zip(attributed, by_key, strict=True):
            assert (of_row[kept] == of_key[numbers[kept]]).all()
        first_row += n


def at_other_times(table: pa.Table) -> list[pa.Table]:
    """The same flows again and again, each time at the time of the next one: what is alike but for its time
    must be told apart where time decides."""
    place, times = table.schema.get_field_index("start_time"), table.column("start_time").to_pylist()
    rolled = [times, times, *(times[n:] + times[:n] for n in range(1, min(len(times), 4)))]
    type_ = table.schema.field(place).type
    return [table.set_column(place, "start_time", pa.array(one, type_)) for one in rolled]
