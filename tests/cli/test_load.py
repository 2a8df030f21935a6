"""What the load command does around the run: what it asks for, where the reports go, the exit code.

The run itself is replaced by a hand-built result.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Tree

import pytest

from flowcheck.balance.tell.result import LoadResult
from flowcheck.cli.load import _refuse_unknown
from flowcheck.cli.main import main
from flowcheck.errors import RunError
from flowcheck.model.options import Thresholds
from flowcheck.results.audit import AuditResult
from tests.builders import make_cluster, make_service
from tests.reports.build import make_clean_result, make_result
from tests.reports.build_balance import make_load, make_split
from tests.reports.build_balance import make_service as make_service_load

COMMAND = ["load", "flows", "--cluster", "cluster"]
Finish = Callable[[AuditResult], dict[str, Any]]


@pytest.fixture
def asked(finish: Finish) -> dict[str, Any]:
    return finish(replace(make_clean_result(), load=make_load()))


def test_the_report_goes_to_standard_output(
    asked: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(COMMAND) == 0
    assert "2 of 5 tested Service ports skewed" in capsys.readouterr().out
    assert asked["request"].thresholds == Thresholds()
    assert not asked["request"].proportional


def test_what_is_asked_of_the_run(asked: dict[str, Any]) -> None:
    words = ["--alpha", "0.01", "--min-effect", "7.5%", "--min-cv", "0.2", "--ambiguous", "proportional"]
    assert main([*COMMAND, *words]) == 0
    assert asked["request"].thresholds == Thresholds(0.01, 0.075, 0.2)
    assert asked["request"].proportional


def test_a_service_off_its_route_fails_where_asked(finish: Finish) -> None:
    for verdict, code in (("off_target", 1), ("on_target", 0)):
        service = make_service_load("web", (10, 10), splits=(make_split(verdict=verdict),))
        finish(replace(make_clean_result(), load=LoadResult(services=(service,))))
        assert main(COMMAND) == 0
        assert main([*COMMAND, "--fail-on-skew"]) == code


def test_one_service_in_full(asked: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*COMMAND, "--service", "shop/cart", "-f", "json"]) == 0
    (service,) = json.loads(capsys.readouterr().out)["services"]
    assert service["service"] == "cart"


def test_reports_and_a_picture_in_files(
    asked: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {form: tmp_path / f"load.{form}" for form in ("terminal", "json", "csv", "md")}
    picture = tmp_path / "load.svg"
    words = [word for form, file in files.items() for word in ("-f", f"{form}={file}")]
    assert main([*COMMAND, *words, "--svg", str(picture)]) == 0
    assert capsys.readouterr().out == ""
    assert all(file.read_text() for file in files.values())
    assert Tree.parse(picture).getroot().tag.endswith("svg")
    assert "\x1b" not in files["terminal"].read_text()


def test_a_picture_that_cannot_be_written_stops_the_run_before_it_begins(
    asked: dict[str, Any], tmp_path: Path
) -> None:
    assert main([*COMMAND, "--svg", str(tmp_path / "no" / "where.svg")]) == 4
    assert asked == {}


@pytest.mark.parametrize(("words", "code"), [([], 0), (["--fail-on-skew"], 1)])
def test_a_skewed_service_is_a_failure_only_where_it_is_wanted(
    asked: dict[str, Any], words: list[str], code: int
) -> None:
    assert main([*COMMAND, *words]) == code


def test_an_incomplete_run_says_so(finish: Finish) -> None:
    finish(replace(make_result(), load=make_load()))
    assert main([*COMMAND, "--fail-on-skew"]) == 3


@pytest.mark.parametrize("words", [["--alpha", "0"], ["--alpha", "1"], ["--min-cv", "-1"], ["-f", "jsonl"]])
def test_words_that_mean_nothing(asked: dict[str, Any], words: list[str]) -> None:
    assert main([*COMMAND, *words]) == 2
    assert asked == {}


def test_a_service_nobody_has_stops_the_run() -> None:
    cluster = make_cluster(make_service("shop/web"), make_service("shop/cart"))
    _refuse_unknown("shop/web", cluster)
    _refuse_unknown("", cluster)
    with pytest.raises(RunError) as caught:
        _refuse_unknown("shop/wbe", cluster)
    assert (caught.value.message, caught.value.hint) == (
        *("the cluster has no Service shop/wbe", "did you mean shop/web?"),
    )


def test_no_services_make_an_empty_picture(finish: Finish, tmp_path: Path) -> None:
    finish(make_clean_result())
    assert main([*COMMAND, "--svg", str(tmp_path / "a.svg")]) == 0
    assert "no Services" in (tmp_path / "a.svg").read_text()
