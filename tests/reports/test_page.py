"""The page of an audit and its picture, without a browser: what is in them and what never is; their size."""

from __future__ import annotations

import base64
import hashlib
import io
import re
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from xml.etree import ElementTree as Tree

import msgspec
import numpy as np
import pyarrow.compute as pc
import pytest
from markupsafe import Markup

import flowcheck
from flowcheck.flows.canonical.times import EARLIEST, LATEST
from flowcheck.reports import renderer
from flowcheck.reports.audit.finding_wording import TITLES
from flowcheck.reports.audit.page import html as page_html
from flowcheck.reports.audit.page import talks as page_talks
from flowcheck.reports.audit.page.markup import Room
from flowcheck.reports.audit.page.verdict import figures
from flowcheck.reports.parts.escape import escape
from flowcheck.reports.parts.units import compact, span
from flowcheck.results.audit import AuditResult
from flowcheck.results.finding.times import ViolationTimes
from tests.cli.run import ROOT
from tests.reports.build import (
    HOSTILE,
    TableOfEdges,
    make_clean_result,
    make_dropped,
    make_finding,
    make_result,
)
from tests.reports.build_page import EDGES, WEIRD, make_edge, make_edges, make_many, make_weird, make_whole
from tests.reports.test_audit import RESULTS, compare

SVG = "{http://www.w3.org/2000/svg}"
MOST_BYTES = 5_000_000
WITHOUT_END = {"meta", "input", "br"}


def rendered(form: str, result: AuditResult) -> str:
    stream = io.StringIO()
    renderer("audit", form)(result, stream)
    return stream.getvalue()


class Reader(HTMLParser):
    """Elements with their attributes, and the text that is shown."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.inside: dict[str, list[str]] = {"style": [], "script": []}
        self.text = ""
        self._at = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names))
        self.elements.append((tag, dict(attrs)))
        self._at = tag if tag in self.inside else self._at

    def handle_endtag(self, tag: str) -> None:
        self._at = "" if tag == self._at else self._at

    def handle_data(self, data: str) -> None:
        if self._at:
            self.inside[self._at].append(data)
        else:
            self.text += data

    def attributes(self, name: str) -> list[str]:
        return [
            value or "" for _, attributes in self.elements for own, value in attributes.items() if own == name
        ]


PAGES = {**RESULTS, "whole": make_whole, "weird": make_weird}


@pytest.mark.parametrize("name", PAGES)
def test_the_policy_allows_what_stands_there_and_nothing_else(name: str) -> None:
    page = Reader(rendered("html", PAGES[name]()))
    (policy,) = [
        attributes["content"]
        for tag, attributes in page.elements
        if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    hashes = {}
    for tag, texts in page.inside.items():
        assert len([one for one, _ in page.elements if one == tag]) == 1
        digest = hashlib.sha256("".join(texts).encode()).digest()
        hashes[tag] = base64.b64encode(digest).decode()
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{hashes['style']}'; script-src 'sha256-{hashes['script']}'; "
        "base-uri 'none'; form-action 'none'"
    )


@pytest.mark.parametrize("name", PAGES)
def test_it_loads_nothing_and_names_make_no_markup(name: str) -> None:
    text = rendered("html", PAGES[name]())
    page = Reader(text)
    assert not {"img", "iframe", "link", "object", "embed", "form", "base"} & {
        tag for tag, _ in page.elements
    }
    names = {name for _, attributes in page.elements for name in attributes}
    assert not [one for one in names if one.startswith("on") or one in ("style", "src", "srcset", "action")]
    assert [one for one in page.attributes("href") if not one.startswith("#")] == []
    assert {one.removeprefix("#") for one in page.attributes("href")} <= {*page.attributes("id")}
    assert all(line.isprintable() for line in text.split("\n"))
    assert not re.search(r"url\(|@import|fetch\(|XMLHttp|innerHTML|outerHTML|insertAdjacent|eval\(", text)


def test_hostile_names_are_shown_as_text() -> None:
    page = Reader(rendered("html", make_weird()))
    for name in WEIRD[:-1]:
        assert escape(name) in page.text
    assert "(and 2,607 more characters)" in page.text  # of a namespace, a kind and a name
    assert Reader(rendered("html", RESULTS["hostile"]())).text.count(escape(HOSTILE)) > 3


def test_everything_of_a_finding_is_there() -> None:
    result = make_whole()
    page = Reader(rendered("html", result))
    for finding in result.findings:
        for text in (finding.source, finding.destination, finding.fingerprint, *finding.policies):
            assert text in page.text
        assert all(place in page.text for place in finding.policy_sources)
        assert f"{finding.records:,}" in page.text
    assert all(title in page.text for title in TITLES)
    assert (
        "If it should be allowed, change AuthorizationPolicy/web/pages[rules[0]] (mesh.yaml:4)" in page.text
    )
    assert "add a policy for ingress of the destination" in page.text
    assert "None of the policies given drops it" in page.text
    assert "ignored: the partner's, until June" in page.text
    assert "known: in the baseline too" in page.text
    assert "the policy is younger than the flow" in page.text
    assert "row 17 of flows/a.parquet" in page.text
    assert {*page.attributes("data-layer")} == {"tier NetworkPolicy", "mesh"}


def test_an_incomplete_run_says_so_before_anything_else() -> None:
    text = rendered("html", make_whole())
    assert "INCOMPLETE</title>" in text
    told = text.index('class="incomplete"')
    assert told < text.index("<nav") < text.index('id="verdict"')
    assert "3 rows were rejected (0 are tolerated)" in text[told : text.index("<nav")]
    assert "not a Parquet file: no magic bytes at its end" in text
    assert 'class="complete"' not in text


def test_no_violation_is_never_said_alone() -> None:
    clean = rendered("html", make_clean_result())
    assert "No violation was found.</p>" in clean
    assert "Complete: no file failed, and every row that was asked for has a verdict" in clean
    assert 'class="incomplete"' not in clean
    lost = rendered("html", make_result((), out=None))
    assert "No violation was found in what was looked at, which is not all.</p>" in lost
    assert '<h1 class="bad">' in lost
    assert '<h1 class="bad">' not in clean


def test_pairs_that_there_is_no_room_for_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = rendered("html", make_whole())
    monkeypatch.setattr(page_talks, "MOST_PAIRS", 2)
    text = rendered("html", make_whole())
    n_lines = [len(re.findall(r'<td class="s-\w+">', page)) for page in (whole, text)]
    hidden = map(int, re.findall(r"and (\d+) more pairs of workloads", text))
    assert n_lines[1] == 2
    assert sum(hidden) == n_lines[0] - 2 > 0
    assert "more pairs of workloads" not in whole


def test_a_part_takes_no_more_room_than_it_has() -> None:
    texts = [Markup("x" * 10), Markup("\u00e4" * 5), Markup("z")]
    assert [*Room(20).take(texts)] == texts[:2]
    assert [*Room(19).take(texts)] == texts[:1]


def test_what_was_tolerated_is_said_where_a_run_is_complete() -> None:
    result = make_clean_result()
    totals = msgspec.structs.replace(result.summary.totals, rows_rejected=3, files_skipped=1)
    text = rendered("html", replace(result, summary=msgspec.structs.replace(result.summary, totals=totals)))
    assert "Complete: no file failed, 1 file skipped, and every row" in text
    assert "unknown, but for 3 rejected rows, as many as are tolerated." in text


@pytest.mark.parametrize("n_rules", [1, 400, 10_000])
def test_ten_thousand_findings_stay_below_five_million_bytes_and_all_are_there(n_rules: int) -> None:
    result = make_many(10_000, n_rules=n_rules)
    text = rendered("html", result)
    assert len(text.encode()) < MOST_BYTES
    found = set(re.findall(r"<i>([0-9a-f]{16})</i>", text))
    assert found == {finding.fingerprint for finding in result.findings}
    assert ("more in short" in text) is (n_rules > 1)


@pytest.mark.parametrize("room", [0, 5_000, 80_000, 110_000])
def test_findings_without_room_are_counted(monkeypatch: pytest.MonkeyPatch, room: int) -> None:
    monkeypatch.setattr(page_html, "FINDINGS_ROOM", room)
    many = make_many(300, n_rules=7)
    findings = (*many.findings, *(make_dropped(n, fingerprint=f"{n:016x}") for n in range(1, 20)))
    text = rendered("html", replace(many, findings=type(many.findings)(findings)))
    shown = re.findall(r"<i>([0-9a-f]{16})</i>", text)
    hidden = [int(n) for n in re.findall(r"(\d+) of these findings are not on this page", text)]
    assert len(shown) + sum(hidden) == len(findings)
    assert len(shown) == len(set(shown))
    gravest = [finding.fingerprint for finding in many.findings]
    assert not hidden or shown == [] or set(shown) <= set(gravest)
    assert bool(hidden) is (room < 80_000)


def test_a_rule_that_is_cut_says_how_many_more_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_html, "FINDINGS_ROOM", 60_000)
    text = rendered("html", make_many(300, n_rules=1))
    (cut,) = re.findall(r"and (\d+) more by these rules, further down in short", text)
    assert f"<b>{cut} more in short</b>" in text
    assert len(re.findall(r"<i>[0-9a-f]{16}</i>", text)) == 300


def test_long_names_cannot_make_it_large() -> None:
    long = tuple(make_finding(n, source=f"ns/Pod/{'x' * 5000}{n}", note="y" * 5000) for n in range(3000))
    files = msgspec.structs.replace(make_weird().ledger.files[-1], file="z" * 5000, detail="u" * 5000)
    result = make_result(long)
    ledger = msgspec.structs.replace(result.ledger, files=(files,) * 2000)
    homes = [f"{'n' * 3000}{n}" for n in range(40)]
    edges = make_edges(make_edge(f"{a}/Pod/x", f"{b}/Pod/y", "deny", "allowed") for a in homes for b in homes)
    result = replace(result, ledger=ledger, edge_rows=TableOfEdges(edges))
    assert len(rendered("html", result).encode()) < MOST_BYTES


def test_the_page_as_it_is() -> None:
    """But for style and script, whose hashes change with every word of them."""
    text = rendered("html", make_whole())
    text = re.sub(r"(<style>|<script>).*?(</)", r"\1\2", text, flags=re.DOTALL)
    text = re.sub(r"sha256-[^']{44}", "sha256-...", text)
    compare("page-whole.html", text)


def test_the_matrix_shows_what_is_denied_and_unknown() -> None:
    page = Reader(rendered("html", make_whole()))
    labels = [one for one in page.attributes("aria-label") if "connections: " in one]
    assert "shop \u2192 payments: 31 connections: 24 denied, not stopped; 7 denied and stopped" in labels
    assert "not known \u2192 shop: 20 connections: unknown" in labels
    assert "nodes \u2192 shop: 10 connections: policies do not reach it" in labels
    assert "monitoring \u2192 outside: 10 connections: allowed, dropped by a policy" in labels


def test_many_namespaces_are_folded_and_none_is_lost() -> None:
    names = [f"team-{n:02d}" for n in range(40)]
    edges = make_edges(
        make_edge(f"{name}/Pod/a", f"{names[0]}/Pod/b", "allow", "allowed", flow_count=n + 1)
        for n, name in enumerate(names)
    )
    text = rendered("html", replace(make_whole(), edge_rows=TableOfEdges(edges)))
    assert "17 namespaces of which there is least to say are together as others" in text
    totals = [
        int(n.replace(",", "")) for n in re.findall(r"<small>([\d,]+) connections?: allowed</small>", text)
    ]
    assert sum(totals) == sum(range(1, 41))


def test_times_at_the_ends_of_all_dates_can_be_shown() -> None:
    times = ViolationTimes()
    times.count(np.array([EARLIEST, 0, LATEST]), np.array([0, 1, 2]))
    text = rendered("html", replace(make_whole(), times=times))
    assert "0001-01-01 00:00:00" in text
    assert "9999-12-31 23:59:59" in text


# -- the picture ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["everything", "whole"])
def test_the_picture_as_it_is(name: str) -> None:
    compare(f"talks-{name}.svg", rendered("svg", PAGES[name]()))


def titles_of(text: str) -> list[str]:
    return [one.text or "" for one in Tree.fromstring(text).iter(f"{SVG}title")]


def test_every_pair_has_a_curve_with_its_sentence() -> None:
    text = rendered("svg", make_whole())
    root = Tree.fromstring(text)
    assert root.get("role") == "img"
    label = root.get("aria-label") or ""
    assert "27 denied, not stopped" in label
    assert "INCOMPLETE" in label
    assert len(root.findall(f".//{SVG}path")) == len(EDGES)
    pair = "shop/Deployment/frontend -> payments/StatefulSet/ledger-0, 5432/TCP"
    assert f"{pair}: 24 connections, denied, not stopped" in titles_of(text)
    assert "prefers-color-scheme: dark" in text
    shown = " ".join(one.text or "" for one in root.iter(f"{SVG}text"))
    assert "7 findings (5 new, 1 known, 1 ignored) - INCOMPLETE" in shown


def test_names_are_text_in_the_picture() -> None:
    text = rendered("svg", make_weird())
    tags = {element.tag.removeprefix(SVG) for element in Tree.fromstring(text).iter()}
    assert tags <= {"svg", "title", "style", "rect", "text", "line", "path"}
    assert all(line.isprintable() for line in text.split("\n"))


def test_where_there_are_too_many_workloads_namespaces_are_drawn() -> None:
    text = rendered("svg", make_many(2000))
    assert "By namespace, as there are 2,000 pairs of workloads" in unescape(text)
    assert len(Tree.fromstring(text).findall(f".//{SVG}path")) == 300
    assert "without" in text
    few = rendered("svg", replace(make_whole(), edge_rows=TableOfEdges(make_edges([]))))
    assert "no connections" in few


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (999, "999"),
        (1000, "1.0k"),
        (9_949, "9.9k"),
        (10_000, "10k"),
        (999_999, "999k"),
        (5 * 10**9, "5.0G"),
    ],
)
def test_a_number_in_few_characters(number: int, text: str) -> None:
    assert compact(number) == text


@pytest.mark.parametrize(
    ("first", "last", "text"),
    [
        ("2026-03-10T00:03:15.941000Z", "2026-03-10T23:56:44Z", "2026-03-10 00:03:15 \u2013 23:56:44"),
        ("2026-03-10T00:03:15Z", "2026-03-11T00:00:00Z", "2026-03-10 00:03:15 \u2013 2026-03-11 00:00:00"),
        ("2026-03-10T00:03:15.1Z", "2026-03-10T00:03:15.9Z", "2026-03-10 00:03:15"),
    ],
)
def test_two_times_of_a_day_name_it_once(first: str, last: str, text: str) -> None:
    assert span(first, last) == text


def test_what_was_stopped_is_what_policies_deny_and_the_log_says_was_dropped() -> None:
    """Of the sample: and with what went through it is all that they deny."""
    result = flowcheck.audit(ROOT / "data" / "flows", ROOT / "data" / "cluster")
    edges = result.edges
    denied = pc.equal(edges["verdict"], "deny")
    dropped = edges.filter(pc.and_(denied, pc.not_equal(edges["observed"], "allowed")))
    shown = {one.name: one.number for one in figures(result)}
    assert shown["stopped"] == f"{pc.sum(dropped['records']).as_py():,}" != "0"
    assert "stopped" not in {one.name for one in figures(make_clean_result())}


def test_words_that_the_page_uses_are_explained_there() -> None:
    text = Reader(rendered("html", make_result())).text
    assert "default-deny by P" in text
    assert "A connection may have many" in text
