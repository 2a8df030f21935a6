"""What the benchmark of comparisons compares: the policies of a world, and some of them otherwise."""

from __future__ import annotations

import json
from pathlib import Path

from benchmarks.comparing.__main__ import changed_policies
from benchmarks.generate import SEED, ready
from benchmarks.inputs.sizes import SIZES


def test_some_policies_are_left_out_and_some_are_otherwise() -> None:
    cluster = ready(SIZES["tiny"], "strings", SIZES["tiny"].n_flows) / "cluster"
    before = json.loads(Path(cluster / "policies.json").read_text())["items"]
    after = changed_policies(cluster, SEED)["items"]
    assert isinstance(after, list)
    assert 0 < len(before) - len(after) < len(before) // 4
    assert any(policy not in before for policy in after)
    assert any(policy in before for policy in after)
