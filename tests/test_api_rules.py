"""``flowcheck.rules`` and ``flowcheck.suggest``: what the commands say, of rows in memory too."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pytest

import flowcheck
from flowcheck.api import SuggestOptions
from flowcheck.errors import FlowFormatError, RunError
from flowcheck.model.cluster import Cluster
from flowcheck.reading import load_cluster
from tests.cli.run import flowcheck as run
from tests.runners.worlds import ALLOWED, DB, DENIED, US, WEB, flows, ports, write, write_cluster

pytestmark = pytest.mark.usefixtures("forked_workers")
RULE = "NetworkPolicy/shop/db-from-web[ingress[0]]"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_cluster(tmp_path_factory.mktemp("cluster"))


@pytest.fixture(scope="module")
def cluster(folder: Path) -> Cluster:
    return load_cluster(folder)


def as_json(value: object) -> Any:
    return json.loads(msgspec.json.encode(value))


def test_rules_are_weighed_as_the_command_weighs_them(folder: Path, cluster: Cluster, tmp_path: Path) -> None:
    log = write(tmp_path / "flows.parquet", ports([ALLOWED, ALLOWED, DENIED]))
    of_cluster, of_log = flowcheck.rules(cluster), flowcheck.rules(folder, ports([ALLOWED, ALLOWED, DENIED]))
    for record, words in ((of_cluster, []), (of_log, [log])):
        done = run("rules", *words, "--cluster", folder, "-f", "json")
        assert as_json(record) == json.loads(done.stdout)
        printed = run("rules", *words, "--cluster", folder).stdout
        assert str(record).split() == printed.split()
    (rule,) = of_log.rules
    assert rule.name == RULE
    assert rule.traffic is not None
    assert (rule.traffic.state, rule.traffic.records) == ("needed", 2)
    assert [one.traffic for one in of_cluster.rules] == [None]
    assert repr(of_cluster) == "<RulesRecord rules=1 needed=1 unprotected=3 complete=True>"
    assert "flowcheck rules: 0 of 1 rule could" in (of_cluster._repr_html_() or "")


def test_rules_of_another_time_are_those_that_were(folder: Path, tmp_path: Path) -> None:
    for day, name in ((1, "early"), (2, "early"), (3, "late")):
        for file in folder.iterdir():
            text = file.read_text().replace("db-from-web", name)
            (tmp_path / f"{file.stem}-2026-11-0{day}T00:00:00Z.yaml").write_text(text)
    early = flowcheck.rules(tmp_path, as_of=datetime(2026, 11, 1, 12, tzinfo=UTC))
    assert [one.policy for one in early.rules] == ["NetworkPolicy/shop/early"]
    assert early.at == "2026-11-01T12:00:00Z"
    for moment in (None, "current"):
        latest = flowcheck.rules(tmp_path, as_of=moment)  # type: ignore[arg-type] # one of both
        assert [one.policy for one in latest.rules] == ["NetworkPolicy/shop/late"]
        assert latest.at == "the latest"


def test_nothing_to_weigh_is_no_answer(tmp_path: Path, cluster: Cluster) -> None:
    """With flows and without; the commands say the same."""
    bare = write_cluster(tmp_path / "bare", policies=False)
    for given in (None, ports([ALLOWED])):
        with pytest.raises(RunError, match="no policies"):
            flowcheck.rules(bare, given)
        assert flowcheck.rules(bare, given, allow_no_policies=True).rules == ()
    log = write(tmp_path / "flows.parquet", ports([ALLOWED]))
    assert run("rules", log, "--cluster", bare).returncode == 2
    with pytest.raises(FlowFormatError):
        flowcheck.rules(cluster, 3)
    with pytest.raises(TypeError, match=r"rules\(\) got an unexpected keyword argument 'min_cov'"):
        flowcheck.rules(cluster, min_cov=3)  # type: ignore[call-arg] # what is tested


def test_a_suggestion_is_that_of_the_command(folder: Path, cluster: Cluster, tmp_path: Path) -> None:
    table = flows(3)
    log = write(tmp_path / "flows.parquet", table)
    for given, options, words in (
        (cluster, {}, []),
        (folder, {"everything": True, "direction": "ingress"}, ["--all", "--direction", "ingress"]),
        (cluster, {"min_connections": 9, "unseen": True}, ["--min-connections", "9", "--unseen"]),
    ):
        made = flowcheck.suggest(table, given, **options)  # type: ignore[arg-type] # options by name
        done = run("suggest", log, "--cluster", folder, "-o", tmp_path / "out", *words)
        assert str(made).split() == done.stdout.split()
        assert as_json(made.suggestion) == json.loads((tmp_path / "out" / "suggestion.json").read_text())
        text = (tmp_path / "out" / "policies.yaml").read_text()
        assert (made.text or "# Nothing is suggested.\n") == text
        assert made.judged.summary.totals.rows_judged == 3


def test_a_suggestion_says_little_by_itself_and_allows_what_was_seen(
    cluster: Cluster, tmp_path: Path
) -> None:
    made = flowcheck.suggest(ports([ALLOWED] * 3), cluster, everything=True)
    assert repr(made) == "<Suggestion policies=2 rules=2 connections=3 complete=True>"
    assert "flowcheck suggest: 2 NetworkPolicies" in (made._repr_html_() or "")
    (tmp_path / "policies.yaml").write_text(made.text)
    other = load_cluster(
        write_cluster(tmp_path / "c"), policies=tmp_path / "policies.yaml", replace_policies=True
    )
    assert flowcheck.explain(other, src=WEB, dst=DB, port=ALLOWED).verdict == "allow"
    assert flowcheck.explain(other, src=WEB, dst=DB, port=DENIED).verdict == "deny"


def test_the_rest_is_held_against_it(cluster: Cluster) -> None:
    noon = datetime(2026, 11, 1, 12, tzinfo=UTC)
    rest = pa.array([noon + timedelta(hours=1)] * 2, US)
    table = pa.concat_tables([ports([ALLOWED] * 3), ports([DENIED] * 2).set_column(0, "start_time", rest)])
    middle = noon + timedelta(minutes=30)
    made = flowcheck.suggest(table, cluster, everything=True, train_until=middle).suggestion
    assert made.holdout is not None
    assert (made.connections, made.holdout.connections, made.holdout.denied_connections) == (3, 2, 2)
    with pytest.raises(RunError, match="nothing is left to hold against"):
        flowcheck.suggest(table, cluster, train_until=middle, until=middle)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"language": "rego"}, "no language 'rego'"),
        ({"direction": "up"}, "no direction 'up'"),
        ({"language": "calico", "cni": "cilium"}, "would not be enforced"),
    ],
)
def test_what_cannot_be_suggested_is_refused(cluster: Cluster, options: Any, said: str) -> None:
    with pytest.raises(RunError, match=said):
        flowcheck.suggest(flows(1), cluster, **options)


def test_every_option_of_a_suggestion_is_told(cluster: Cluster) -> None:
    with pytest.raises(TypeError, match=r"'min_cov'; there are .*train_until"):
        flowcheck.suggest(flows(1), cluster, min_cov=3)  # type: ignore[call-arg] # what is tested
    told = (flowcheck.suggest.__doc__ or "") + (flowcheck.audit.__doc__ or "")
    assert [name for name in SuggestOptions.__annotations__ if name not in told] == []
