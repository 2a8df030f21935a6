"""``audit -f html`` and ``-f svg`` from real flows to files that can be opened; and docs/page.md."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree as Tree

import pytest

from flowcheck.reports.audit import svg
from flowcheck.reports.audit.page import markup, talks, times
from flowcheck.reports.audit.talks import WORDS
from tests.cli.run import flowcheck

pytestmark = pytest.mark.usefixtures("forked_workers")

ROOT = Path(__file__).resolve().parent.parent.parent
SAMPLES = {
    "kubernetes": ("flows", "cluster"),
    "cilium": ("cilium/hubble.jsonl.gz", "cilium/cluster"),
    "mesh": ("mesh/logs", "mesh/cluster"),
}
PAGE = (ROOT / "docs" / "page.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("sample", SAMPLES)
def test_a_page_and_a_picture_of_real_flows(sample: str, tmp_path: Path) -> None:
    flows, cluster = (ROOT / "data" / name for name in SAMPLES[sample])
    page, picture = tmp_path / "report.html", tmp_path / "talks.svg"
    done = flowcheck(
        "audit", flows, "--cluster", cluster, "-f", f"html={page}", "-f", f"svg={picture}", "-f", "json"
    )
    assert done.returncode == 1, done.stderr
    text = page.read_text(encoding="utf-8")
    for finding in re.findall(r'"fingerprint": "([0-9a-f]{16})"', done.stdout):
        assert f"<i>{finding}</i>" in text
    assert Tree.parse(picture).getroot().get("role") == "img"
    counted = sum(int(n.replace(",", "")) for n in re.findall(r"<small>([\d,]+) connections?: ", text))
    assert counted == sum(
        int(n.replace(",", ""))
        for n in re.findall(r": ([\d,]+) connections?, ", "".join(Tree.parse(picture).getroot().itertext()))
    )
    assert 'class="endpoints"' in text or "No Services" in text or "not tested" in text


def test_the_page_goes_to_standard_output_too(tmp_path: Path) -> None:
    done = flowcheck("audit", ROOT / "data" / "flows", "--cluster", ROOT / "data" / "cluster", "-f", "html")
    assert done.stdout.startswith("<!doctype html>\n")
    assert done.stdout.endswith("</html>\n")


def test_help_names_both_formats() -> None:
    told = " ".join(flowcheck("audit", "--help").stdout.split())
    assert "html (a page to open in a browser)" in told
    assert "svg (who talked to whom, drawn)" in told


def test_the_numbers_of_the_document_are_those_of_the_code() -> None:
    text = " ".join(PAGE.split())
    assert f"at most {times.MOST} stretches" in text
    assert f"The matrix has {talks.MOST_HOMES} namespaces" in text
    assert f"the {talks.MOST_PAIRS:,} gravest are considered" in text
    assert f"A text past {markup.LONGEST} characters" in text
    assert f"more than {svg.MOST_NAMES} workloads on a side, or {svg.MOST_CURVES} pairs" in text
    table = PAGE.split("| curve | means |")[1].split("\n\n")[0]
    means = [row.split(" | ")[1].strip(" |") for row in table.splitlines()[2:]]
    assert [one.startswith(word) for one, word in zip(means, WORDS.values(), strict=True)] == [True] * len(
        WORDS
    )
