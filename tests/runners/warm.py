"""Importing this does a worker's work once, kernels and all: the process that workers are forked off does."""

import tempfile
from pathlib import Path

from flowcheck.balance.expect.plan import plan_counting
from flowcheck.compile import compile_program
from flowcheck.flows.formats.parquet import FlowFile
from flowcheck.reading import load_cluster
from flowcheck.runners.messages import Judge, Setup
from flowcheck.runners.program.given import give, read_given, sections_of
from flowcheck.runners.program.stored import write_sections
from flowcheck.runners.tasks.task import TaskRunner
from tests.runners.worlds import DENIED, write_cluster, write_flows

with tempfile.TemporaryDirectory() as folder:
    cluster = load_cluster([write_cluster(Path(folder) / "cluster")])
    program = compile_program(cluster)
    given = give(program, plan_counting(program, cluster)[1])
    with tempfile.TemporaryFile() as placed:
        write_sections(placed, sections_of(given))
        sent = read_given(placed.fileno())
    file = FlowFile(str(write_flows(Path(folder) / "flows.parquet", [DENIED])))
    task = Judge(0, 0, file.path.encode(), "flows", file.identity, (), 0, 1)
    TaskRunner(sent, Setup(False, folder, None, None, (), False)).run(task, file, lambda _rows: None)
    file.close()
