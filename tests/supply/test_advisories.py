"""What pip-audit says is a clean answer only where it was told of every package."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from supply.advisories import judge
from supply.locks import ROOT

CLEAN = {"name": "click", "version": "8.5.1", "vulns": []}
KNOWN = {
    "name": "numpy",
    "version": "2.4.6",
    "vulns": [{"id": "PYSEC-0", "fix_versions": ["2.5"], "aliases": ["CVE-0"], "description": "x"}],
}
UNTOLD = {"name": "rich", "skip_reason": "Dependency not found on PyPI"}


def said(*dependencies: object) -> str:
    return json.dumps({"dependencies": dependencies, "fixes": []})


@pytest.mark.parametrize(
    ("answer", "errors", "code", "words"),
    [
        (said(CLEAN, CLEAN), "No known vulnerabilities found", 0, "nothing is known against 2 packages"),
        (said(CLEAN, KNOWN), "Found 1 known vulnerability", 1, "PYSEC-0, CVE-0; fixed in 2.5"),
        (said(UNTOLD, KNOWN), "", 1, "numpy 2.4.6"),
        (said(UNTOLD, UNTOLD), "No known vulnerabilities found", 0, "NOT CHECKED"),
        (said(CLEAN, UNTOLD), "No known vulnerabilities found", 2, "not told of rich"),
        ("", "requests.exceptions.ConnectionError: x", 0, "NOT CHECKED"),
        ("", "ERROR:pip_audit._cli:Could not connect to PyPI's vulnerability feed", 0, "NOT CHECKED"),
        ("", "ERROR:pip_audit._cli:invalid requirements input: x", 2, "pip-audit failed"),
        ("", "", 2, "nothing was said"),
        ("{}", "", 2, "pip-audit failed"),
    ],
)
def test_an_answer(answer: str, errors: str, code: int, words: str) -> None:
    found = judge("a.lock", answer, errors)
    assert found.code == code
    assert words in "\n".join(found.lines)


def test_without_a_network_nothing_is_checked_and_nothing_fails(tmp_path: Path) -> None:
    """A proxy that is not there."""
    nowhere = "http://127.0.0.1:9"
    environment = {
        **os.environ,
        "HTTPS_PROXY": nowhere,
        "https_proxy": nowhere,
        "PIP_CACHE_DIR": str(tmp_path),
    }
    environment |= {"NO_PROXY": "", "no_proxy": ""}
    done = subprocess.run(
        [sys.executable, "-m", "supply.advisories"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "NOT CHECKED: requirements.lock: no network" in done.stdout
