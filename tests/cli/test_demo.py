"""The sample says why it is silent for a while the first time, and then no more."""

from __future__ import annotations

import pytest

from tests.cli.run import flowcheck

pytestmark = pytest.mark.usefixtures("forked_workers")


@pytest.mark.parametrize("cold", [True, False])
def test_compiling_is_told_of_while_nothing_is_compiled(cold: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flowcheck.kernels.cached.folder.is_cold", lambda: cold)
    done = flowcheck("demo", "--sample", "cilium")
    assert done.returncode == 1
    assert ("info: compiling the kernels" in done.stderr) is cold
    assert "compiling" not in done.stdout
