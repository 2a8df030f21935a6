"""Every world whose verdicts were taken from Cilium itself. FLOWCHECK_CONFORMANCE names their folder."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.cilium import failures
from tests.tools.conformance import PATHS

FILE = Path(os.environ.get("FLOWCHECK_CONFORMANCE", ""), "engines", "cilium_policy.jsonl")
WORLDS = [json.loads(line) for line in FILE.read_text().splitlines()] if FILE.is_file() else []


@pytest.mark.skipif(not WORLDS, reason="FLOWCHECK_CONFORMANCE names no folder with these cases")
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("world", WORLDS, ids=lambda world: world["name"])
def test_verdicts_are_those_of_cilium(world: dict[str, Any], path: str) -> None:
    assert failures(path, json.loads(json.dumps(world))) == []
