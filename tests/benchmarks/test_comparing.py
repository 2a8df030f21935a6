"""What the benchmark of comparisons compares: the policies of a world, and some of them otherwise."""

from __future__ import annotations

import json
from pathlib import Path

from benchmarks.comparing.__main__ import changed_policies
from benchmarks.generate import SEED, generate
from benchmarks.inputs.sizes import SIZES


def test_some_policies_are_left_out_and_some_are_otherwise(tmp_path: Path) -> None:
    generate(SIZES["tiny"], tmp_path, "strings", 1000, SEED)
    cluster = tmp_path / "cluster"
    before = json.loads((cluster / "policies.json").read_text())["items"]
    after = changed_policies(cluster, SEED)["items"]
    assert isinstance(after, list)
    assert 0 < len(before) - len(after) < len(before) // 4
    assert any(policy not in before for policy in after)
    assert any(policy in before for policy in after)
