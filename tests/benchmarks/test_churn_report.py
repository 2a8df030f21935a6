"""What is counted against the truth, and when a claim of docs/churn.md does not hold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from benchmarks.churn import inputs, simulate
from benchmarks.churn.report import SNAPSHOTS, TIMELESS, WATCH, Answer, answers, claims, page, share
from benchmarks.churn.score import Score, score
from benchmarks.churn.world import SIZES
from flowcheck.reading import load_cluster

TINY = SIZES["tiny"]
POD, OTHER, SERVICE, OUTSIDE = "a/Pod/x", "a/Pod/y", "a/Service/s", "198.18.0.10"
ALLOWED, DENIED = 1, 2


def scored(*rows: dict[str, Any]) -> Score:
    """Of rows that are right, exact, allowed and away from changes, unless they say otherwise."""
    defaults = {
        "true_src": POD,
        "true_dst": OTHER,
        "src_quality": "exact",
        "dst_quality": "exact",
        "verdict": "allow",
        "true_verdict": "allow",
        "action": ALLOWED,
        "near": False,
    }
    full = [defaults | row for row in rows]
    full = [{"src": row["true_src"], "dst": row["true_dst"]} | row for row in full]
    judged = [
        {name: row[name] for name in ("src", "dst", "src_quality", "dst_quality", "verdict", "action")}
        for row in full
    ]
    truth = [
        {"src": r["true_src"], "dst": r["true_dst"], "verdict": r["true_verdict"], "near": r["near"]}
        for r in full
    ]
    return score(pa.Table.from_pylist(judged), pa.Table.from_pylist(truth))


def nonzero(counts: dict[str, int]) -> dict[str, int]:
    return {word: count for word, count in counts.items() if count}


class TestEnds:
    @pytest.mark.parametrize(
        ("name", "quality", "outcome"),
        [
            (POD, "exact", "right exact"),
            (POD, "inferred", "right inferred"),
            (OTHER, "exact", "wrong exact"),
            (OTHER, "inferred", "wrong inferred"),
            ("10.64.0.2", "ambiguous", "ambiguous"),
            ("10.64.0.2", "unresolved", "unresolved"),
            ("10.64.0.2", "external", "wrong exact"),
        ],
    )
    def test_outcomes(self, name: str, quality: str, outcome: str) -> None:
        counts = scored({"src": name, "src_quality": quality}).ends
        counts["right exact"] -= 1  # the other end
        assert nonzero(counts) == {outcome: 1}

    def test_external_ends_count_only_when_taken_for_a_pod(self) -> None:
        right = scored({"true_src": OUTSIDE, "src_quality": "external"})
        assert nonzero(right.ends) == {"right exact": 1}
        wrong = scored({"true_src": OUTSIDE, "src": POD})
        assert nonzero(wrong.ends) == {"right exact": 1, "wrong exact": 1}

    def test_ends_at_a_service_are_counted_apart(self) -> None:
        found = scored({"true_dst": SERVICE}, {"true_dst": SERVICE, "dst": "10.96.0.1"})
        assert found.services == {"right": 1, "wrong": 1}
        assert nonzero(found.ends) == {"right exact": 2}

    def test_those_near_a_change_are_left_out_of_the_settled(self) -> None:
        found = scored({"near": True}, {})
        assert (found.ends["right exact"], found.settled_ends["right exact"]) == (4, 2)

    def test_a_quality_without_a_name_is_refused(self) -> None:
        with pytest.raises(ValueError, match="quality"):
            scored({"src_quality": "sure"})


class TestVerdicts:
    def test_right_wrong_unknown(self) -> None:
        found = scored({}, {"verdict": "deny", "near": True}, {"verdict": "unknown"})
        assert found.verdicts == {"right": 1, "wrong": 1, "unknown": 1}
        assert found.settled_verdicts == {"right": 1, "wrong": 0, "unknown": 1}

    @pytest.mark.parametrize(
        ("verdict", "true", "action", "outcome"),
        [
            ("deny", "deny", ALLOWED, "found"),
            ("allow", "allow", DENIED, "found"),
            ("unknown", "deny", ALLOWED, "unknown"),
            ("allow", "deny", ALLOWED, "missed"),
            ("deny", "allow", ALLOWED, "false"),
            ("deny", "deny", DENIED, ""),
            ("allow", "allow", ALLOWED, ""),
            ("unknown", "allow", ALLOWED, ""),
        ],
    )
    def test_violations(self, verdict: str, true: str, action: int, outcome: str) -> None:
        found = scored({"verdict": verdict, "true_verdict": true, "action": action})
        assert nonzero(found.violations) == ({outcome: 1} if outcome else {})


class TestPage:
    @pytest.mark.parametrize(
        ("input_", "row", "broken"),
        [
            (WATCH, {}, 0),
            (WATCH, {"src_quality": "inferred"}, 0),
            (WATCH, {"src_quality": "ambiguous"}, 1),
            (WATCH, {"src_quality": "ambiguous", "near": True}, 0),
            (WATCH, {"verdict": "deny"}, 1),
            (WATCH, {"src": OTHER, "near": True}, 1),
            (SNAPSHOTS, {"src": OTHER}, 1),
            (SNAPSHOTS, {"src": OTHER, "src_quality": "inferred", "verdict": "deny"}, 0),
        ],
    )
    def test_claims(self, input_: str, row: dict[str, Any], broken: int) -> None:
        good = Answer(scored({}), 1, 0.1, 0.1)
        found = {WATCH: good, SNAPSHOTS: good, input_: good._replace(score=scored(row))}
        assert sum(not ok for ok in claims(found).values()) == broken

    def test_the_page_says_what_the_timeless_answer_costs(self) -> None:
        good = Answer(scored({}), 1, 0.1, 0.1)
        bad = Answer(scored({"verdict": "deny"}, {"src": OTHER}), 1, 0.1, 0.1)
        facts = {"pods": 5_000, "soon": 700, "rows": 2, "seed": 5}
        text = page(facts, {WATCH: good, SNAPSHOTS: good, TIMELESS: bad})
        assert "The timeless answer: 1 violations reported that were none" in text
        assert f"| {TIMELESS} | 4 | 75.000 % | 0 % | 25.000 % |" in text
        assert "DOES NOT HOLD" not in text
        assert "DOES NOT HOLD" in page(facts, {WATCH: bad, SNAPSHOTS: good, TIMELESS: bad})

    def test_what_is_not_quite_all_never_reads_as_all(self) -> None:
        shares = [share(part, 1_000_000) for part in (0, 1, 500_000, 999_999, 1_000_000)]
        assert shares == ["0 %", "0.001 %", "50.000 %", "99.999 %", "100 %"]


def test_the_timeless_cluster_has_what_ran_at_the_end(tmp_path: Path) -> None:
    day = simulate.generate(TINY, tmp_path, seed=5)
    cluster = inputs.timeless(load_cluster([tmp_path / "single"]), TINY.end)
    assert all(pod.lifetime.sure(0) for pod in cluster.pods)
    addressed = {pod.uid for pod in cluster.pods if pod.addresses and not pod.finished}
    shown = {pod.uid for pod in day.pods if pod.shown.address and pod.shown.phase == "Running"}
    gone = {pod.uid for pod in day.pods if pod.tenancies and pod.tenancies[-1].hidden <= TINY.end}
    assert addressed == shown - gone


def test_a_tiny_day_keeps_the_promises(tmp_path: Path) -> None:
    """In this day a pod that no snapshot shows is recorded when, by its node's clock, its successor began.

    Who calls an end exact because its owner was there at the recorded time, and not in all the time that
    the clocks leave open, names the wrong one here.
    """
    simulate.generate(TINY, tmp_path, seed=31)
    found = answers(tmp_path, "tiny")
    assert [text for text, ok in claims(found).items() if not ok] == []
    facts = {"pods": 1, "soon": 1, "rows": TINY.n_rows, "seed": 31}
    assert "DOES NOT HOLD" not in page(facts, found)
    naive = found["the last snapshot, timeless"].score
    assert naive.violations["false"] > 100
    assert naive.ends["wrong exact"] > 100
