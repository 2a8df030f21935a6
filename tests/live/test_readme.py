"""The README's snapshot is what the command prints of the first sample."""

from __future__ import annotations

from contextlib import chdir
from pathlib import Path

import pytest

from tests.cli.run import flowcheck
from tests.live.fake import Store, serving
from tests.live.samples import ROOT, sample, with_more

pytest.importorskip("kubernetes", reason="needs the extra live")


def test_the_readme_shows_what_a_snapshot_says(tmp_path: Path) -> None:
    shown = (ROOT / "README.md").read_text().split("<!-- snapshot -->\n```\nflowcheck ")[1].split("\n```")[0]
    command, told = shown.splitlines()
    store = Store()
    store.load(one for one in with_more(sample("cluster")) if one["kind"] != "Secret")
    with serving(tmp_path, store) as running, chdir(tmp_path):
        done = flowcheck(*command.split(), env={"KUBECONFIG": str(running.kubeconfig)})
    assert done.returncode == 0
    assert done.stderr.splitlines()[0].rpartition(", in ")[0] == told.rpartition(", in ")[0]
