"""The reports of the load against their golden files, and what holds for all of them.

FLOWCHECK_UPDATE_GOLDEN=1 rewrites the golden files.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Tree

import msgspec
import pytest

import flowcheck
from flowcheck.balance.assess.states import Why
from flowcheck.balance.split.judge import Verdict
from flowcheck.balance.tell.result import LoadResult
from flowcheck.reports import FORMATS, renderer
from flowcheck.reports.balance import svg as balance_svg
from flowcheck.reports.balance import wording
from flowcheck.reports.balance.answer import headline
from flowcheck.reports.balance.brief import brief
from flowcheck.reports.balance.drawing import bar, sparkline, strip
from flowcheck.reports.balance.splits import SPLIT_WHY, UNCLEAR, VERDICTS
from flowcheck.reports.balance.wording import WHY, notes, places
from flowcheck.reports.parts.svg import ticks
from flowcheck.reports.parts.units import chance, duration
from tests.reports.build_balance import (
    make_hostile_load,
    make_load,
    make_routed_load,
    make_service,
    make_split,
)
from tests.reports.test_audit import compare

RESULTS: dict[str, Callable[[], LoadResult]] = {
    "everything": make_load,
    "hostile": make_hostile_load,
    "routed": make_routed_load,
}


def render(form: str, result: LoadResult, **options: Any) -> str:
    stream = io.StringIO()
    draw = balance_svg.render if form == "svg" else renderer("balance", form)
    draw(result, stream, **options)
    return stream.getvalue()


@pytest.mark.parametrize("width", [80, 160])
@pytest.mark.parametrize("name", RESULTS)
def test_terminal_report(name: str, width: int) -> None:
    text = render("terminal", RESULTS[name](), width=width, color="never")
    assert max(map(len, text.splitlines())) <= width
    assert text.isascii()
    compare(f"load-{name}-{width}.txt", text)


@pytest.mark.parametrize("width", [80, 160])
def test_one_service_in_full_on_the_terminal(width: int) -> None:
    text = render("terminal", make_load(), width=width, color="never", service="shop/search")
    assert max(map(len, text.splitlines())) <= width
    compare(f"load-search-{width}.txt", text)


@pytest.mark.parametrize("width", [80, 160])
def test_a_service_with_routes_in_full(width: int) -> None:
    text = render("terminal", make_routed_load(), width=width, color="never", service="shop/cart")
    assert max(map(len, text.splitlines())) <= width
    compare(f"load-cart-{width}.txt", text)


def test_every_reason_of_a_split_has_a_sentence() -> None:
    """Those that the code may give, found in it."""
    folder = Path(flowcheck.__file__).parent / "balance" / "split"
    words = {
        w for file in folder.glob("*.py") for w in re.findall(r'"([a-z]+(?:_[a-z]+)+)"', file.read_text())
    }
    verdicts = {verdict.value for verdict in Verdict}
    told = {*SPLIT_WHY, *UNCLEAR}
    assert words - verdicts <= told
    assert verdicts == VERDICTS.keys()


def test_a_report_about_something_else_names_routes_off_their_weights() -> None:
    lines = brief(make_routed_load())
    assert "3 off the weights of a route" in lines[0]
    assert any(
        "VirtualService shop/cart off its weights: v1 97.0% where 80.0% is expected" in one for one in lines
    )


def test_what_says_nothing_of_routes_has_no_field_of_theirs() -> None:
    plain = msgspec.to_builtins(make_service("web", (10, 10)))
    assert not {"choice", "splits"} & plain.keys()
    routed = msgspec.to_builtins(make_service("web", (10, 10), splits=(make_split(),)))
    assert routed.keys() - plain.keys() == {"splits"}


@pytest.mark.parametrize(
    ("name", "form"),
    [*((n, f) for n in RESULTS for f in ("csv", "md", "svg")), ("hostile", "json"), ("routed", "json")],
)
def test_report(form: str, name: str) -> None:
    compare(f"load-{name}.{form}", render(form, RESULTS[name]()))


@pytest.mark.parametrize("service", ["", f"={make_hostile_load().services[0].namespace[1:]}/x"])
@pytest.mark.parametrize("form", [*FORMATS["balance"], "svg"])
def test_hostile_names_leave_no_control_character_and_forge_no_line(form: str, service: str) -> None:
    result = make_hostile_load()
    text = render(form, result, service=result.services[0].name if service else "")
    assert all(line.isprintable() for line in text.split("\n"))
    assert not any(line.startswith("flowcheck: no violations") for line in text.split("\n"))
    text.encode("utf-8")


def test_json_holds_every_record_whole() -> None:
    result = make_load()
    document = json.loads(render("json", result))
    assert (document["schema"], document["classes"]) == (1, result.classes)
    assert [s["service"] for s in document["services"]] == [s.service for s in result.services]
    assert document["services"][0]["time"]["series"][0]["by_endpoint"] == list(
        result.services[0].time.series[0].by_endpoint  # type: ignore[union-attr]
    )
    (only,) = json.loads(render("json", result, service="shop/dns"))["services"]
    assert only["service"] == "dns"


def test_csv_has_a_row_for_each_endpoint_and_one_where_there_is_none() -> None:
    rows = list(csv.DictReader(io.StringIO(render("csv", make_load()))))
    assert len(rows) == sum(max(1, len(s.endpoints)) for s in make_load().services)
    assert rows[0]["endpoint"] == "shop/Pod/gateway-5c7f-a"
    assert (rows[0]["endpoint_state"], rows[0]["one_sided"], rows[-1]["endpoint"]) == ("hot", "false", "")
    assert float(rows[0]["misplaced"]) == make_load().services[0].misplaced


def test_a_picture_is_well_formed_and_holds_nothing_but_shapes_and_text() -> None:
    for result in (make_load(), make_hostile_load()):
        tags = {element.tag.rpartition("}")[2] for element in Tree.fromstring(render("svg", result)).iter()}
        assert tags <= {"svg", "g", "rect", "line", "text", "title", "style"}


def test_a_picture_is_of_the_service_asked_for_else_of_all() -> None:
    everything = render("svg", make_load())
    assert all(f">{wording.title(service)}<" in everything for service in make_load().services)
    text = render("svg", make_load(), service="shop/cart")
    assert "shop/cart:80/TCP" in text
    assert "gateway" not in text


def test_a_picture_of_many_services_says_how_many_it_leaves_out() -> None:
    many = LoadResult(services=tuple(make_service(f"s{number}", (5, 5)) for number in range(52)))
    text = render("svg", many)
    assert ">shop/s49:80/TCP (http)<" in text
    assert ">shop/s50:80/TCP (http)<" not in text
    assert "and 2 more Service ports: --service NAMESPACE/NAME draws one" in text


def test_a_picture_has_an_axis_and_says_what_it_shows() -> None:
    root = Tree.fromstring(render("svg", make_load(), service="shop/gateway"))
    assert root.get("role") == "img"
    assert "shop/gateway:80/TCP (http): skewed" in root.get("aria-label", "")
    told = ["".join(element.itertext()) for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"0%", "20%", "40%", "60%"} <= set(told)
    assert "prefers-color-scheme: dark" in "".join(root.itertext())


def test_the_last_label_of_time_is_its_end() -> None:
    service = next(one for one in make_load().services if one.time and len(one.time.series) > 1)
    assert service.time is not None
    last = datetime.fromisoformat(service.time.series[-1].start)
    end = last + timedelta(seconds=service.time.series_seconds)
    assert f">{end.isoformat().replace('+00:00', 'Z')}<" in render("svg", make_load(), service=service.name)


@pytest.mark.parametrize(
    ("most", "expected"),
    [
        (1.0, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (0.37, [0, 0.1, 0.2, 0.3]),
        (0.024, [0, 0.005, 0.01, 0.015, 0.02]),
        (812, [0, 200, 400, 600, 800]),
    ],
)
def test_ticks_are_round_and_reach_no_further(most: float, expected: list[float]) -> None:
    found = ticks(most, 4)
    assert found == expected


def test_a_service_with_many_endpoints_is_drawn_in_part_and_says_so() -> None:
    result = LoadResult(services=(make_service("wide", range(1, 17)),))
    assert "and 0 more" not in render("svg", result)
    wide = make_service("wide", (5,) * 16)
    many = LoadResult(services=(make_service("wide", (5,) * 16, endpoints=wide.endpoints * 2),))
    assert "and 8 more endpoints" in render("svg", many)


def test_every_reason_has_a_sentence() -> None:
    assert {str(why) for why in Why} - {""} == WHY.keys()


def test_color_is_only_added_where_it_is_wanted() -> None:
    colored, plain = (render("terminal", make_load(), width=100, color=c) for c in ("always", "never"))
    assert "\x1b[" in colored
    assert "\x1b" not in plain


def test_what_is_not_tested_is_counted_in_the_headline() -> None:
    assert headline(make_load()) == "2 of 5 tested Service ports skewed, 1 one-sided in time, 4 not tested"
    assert headline(LoadResult()) == "no Services"


def test_notes_say_what_the_numbers_leave_open() -> None:
    service = make_service("a", (5, 5), ambiguous=3, estimated=True, significant=True, snapshots=1)
    text = "; ".join(notes(service))
    for part in ("too small to matter", "3 connections may be", "estimated", "endpoint snapshots: 1"):
        assert part in text


@pytest.mark.parametrize(
    ("share", "expected", "drawn"),
    [
        (0.6, None, "#####     "),
        (1.0, 0.5, "####|#### "),
        (0.0, 0.0, "|         "),
        (0.001, None, "#         "),
        (1.0, 1.0, "#########|"),
    ],
)
def test_bars(share: float, expected: float | None, drawn: str) -> None:
    assert bar(share, expected, 1.0, 10).ljust(10) == drawn.ljust(10)


def test_small_drawings() -> None:
    assert strip([0.5, 0.25, 0.25, 0.0]) == "[######|###   |###   |      ]"
    assert strip([0.0]) == "1 endpoint"
    assert strip([0.1] * 13) == "13 endpoints"
    assert sparkline([0, 1, 5, 10], 10) == " .+@"
    assert sparkline([0, 0], 0) == "  "


def test_small_wordings() -> None:
    assert [chance(p) for p in (None, 0.0, 1e-12, 0.04)] == [
        *("not tested", "chance < 1e-300", "chance 1e-12", "chance 0.040"),
    ]
    assert [duration(s) for s in (60, 240, 3600, 172800, 90)] == [
        *("1 minute", "4 minutes", "1 hour", "2 days", "90 seconds"),
    ]


def test_places_tell_no_size_where_the_log_has_no_bytes() -> None:
    service = make_load().services[0]
    sizes = {name: 0 for name in service.places.__struct_fields__ if name.startswith("bytes_")}
    silent = msgspec.structs.replace(service, places=msgspec.structs.replace(service.places, **sizes))
    assert all(" connections, " in words for _, words in places(service))
    assert all(words.endswith(" connections)") for _, words in places(silent))
