"""The report as a page: one file that opens anywhere, asks no network for anything and runs only its own.

Its policy for content (CSP) allows one style and one script, each by its hash, and nothing else at all.
Everything can be read without the script, which filters findings and opens what a link leads to. The page
stays below five million bytes: what there is no room for is counted, with the file that has it.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import TextIO

from markupsafe import Markup

from flowcheck.reports.audit import answer
from flowcheck.reports.audit.explaining import Command
from flowcheck.reports.audit.finding_wording import TITLES, next_steps
from flowcheck.reports.audit.known import TITLE as KNOWN_TITLE
from flowcheck.reports.audit.known import known
from flowcheck.reports.audit.not_looked_at import not_looked_at, place, unused_rules
from flowcheck.reports.audit.page.coverage import files, judged, reasons
from flowcheck.reports.audit.page.findings import rules
from flowcheck.reports.audit.page.listing import Listing
from flowcheck.reports.audit.page.markup import Room, environment, macro
from flowcheck.reports.audit.page.services import n_told, not_tested, services
from flowcheck.reports.audit.page.talks import matrix
from flowcheck.reports.audit.page.times import over_time
from flowcheck.reports.audit.page.verdict import complete, figures
from flowcheck.reports.audit.talks import SIGNS, WORDS
from flowcheck.reports.balance import shapes
from flowcheck.reports.balance.answer import headline as load_headline
from flowcheck.reports.parts import svg
from flowcheck.reports.parts.gaps import gaps
from flowcheck.results.audit import AuditResult

FINDINGS_ROOM, TALKS_ROOM, SERVICES_ROOM, FILES_ROOM = 3_800_000, 400_000, 300_000, 150_000
"""Bytes of the page that each may take."""
MOST_INPUTS = 100
"""Files of the cluster that are named."""
LIGHT = {"may": "#d9822b", "dropped": "#6d59a8", "allow": "#9db7d6", "deny": "#5d6570", "unknown": "#a16207"}
DARK = {"may": "#e59a4c", "dropped": "#a594e0", "allow": "#41618a", "deny": "#9198a1", "unknown": "#e3b341"}


def render(result: AuditResult, stream: TextIO) -> None:
    jinja = environment()
    summary = result.summary
    told = rules(result)
    found = matrix(result)
    between = macro(jinja.get_template("talks.html"), "between")
    service = macro(jinja.get_template("services.html"), "service")
    shown_services = list(Room(SERVICES_ROOM).take(service(one) for one in services(result)))
    page = jinja.get_template("page.html").generate(
        policy=_policy(),
        style=Markup(_style()),
        script=Markup(_script()),
        summary=summary,
        headline=answer.headline(summary).removesuffix(" - INCOMPLETE"),
        gaps=gaps(summary.nothing, summary.incomplete_because),
        bad=bool(summary.failing) or not summary.complete or summary.nothing is not None,
        complete=complete(result),
        figures=figures(result),
        steps=_steps(result),
        looked=answer.looked_at(summary),
        attributed=answer.attributed(summary),
        not_looked=not_looked_at(result),
        files=files(result, FILES_ROOM),
        inputs=sorted(result.ledger.cluster_inputs.items())[:MOST_INPUTS],
        n_inputs=len(result.ledger.cluster_inputs),
        groups=list(Listing(jinja, told, FINDINGS_ROOM).groups()),
        layers=sorted({layer for rule in told for layer in rule.layers.split(",")}),
        known_title=KNOWN_TITLE,
        known=known(summary),
        everywhere={name: place(result, name) for name in ("findings.json", "edges.parquet", "ledger.json")},
        matrix=found,
        between=list(Room(TALKS_ROOM).take(map(between, found.between))),
        words=WORDS,
        signs=SIGNS,
        times=over_time(result),
        titles=TITLES,
        load_headline=load_headline(result.load) if result.load.services else "",
        services=shown_services,
        more_services=n_told(result) - len(shown_services),
        not_tested=not_tested(result),
        coverage=dict(answer.looked_at(summary))["coverage"],
        judged=judged(result),
        reasons=reasons(result),
        unused=unused_rules(result),
    )
    for text in page:
        stream.write(text)
    stream.write("\n")


def _steps(result: AuditResult) -> list[tuple[str, str]]:
    """What to do next, each with the command that it speaks of; empty: none."""
    steps: list[tuple[str, str]] = []
    for text in next_steps(result):
        if isinstance(text, Command):
            steps[-1] = (steps[-1][0], text)
        else:
            steps.append((text, ""))
    return steps


def _policy() -> str:
    """Source: CSP Level 3; in a page's own element neither frame-ancestors nor sandbox count."""
    return (
        f"default-src 'none'; style-src '{_hash(_style())}'; script-src '{_hash(_script())}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


@cache
def _style() -> str:
    """Between the tags, to the byte; pictures have the colours that they have when they stand alone."""
    light = [_variables(LIGHT), *_in_pictures({**svg.LIGHT, **shapes.LIGHT, **LIGHT})]
    dark = [_variables(DARK), *_in_pictures({**svg.DARK, **shapes.DARK, **DARK})]
    lines = [_file("style.css"), *light, "@media screen and (prefers-color-scheme: dark) {", *dark, "}"]
    return "\n".join(["", *lines, ""])


def _variables(colors: Mapping[str, str]) -> str:
    """For what stands beside a picture, and must have its colours."""
    return f":root {{ {' '.join(f'--fill-{name}: {color};' for name, color in colors.items())} }}"


def _in_pictures(colors: Mapping[str, str]) -> list[str]:
    return [f"svg {rule}" for rule in svg.rules(colors)]


@cache
def _script() -> str:
    return f"\n{_file('script.js')}"


def _file(name: str) -> str:
    return (resources.files("flowcheck.reports.audit.page") / "templates" / name).read_text(encoding="utf-8")
