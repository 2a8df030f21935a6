"""The reports of a matrix: names that mean something to a medium mean nothing in it."""

from __future__ import annotations

import io
from xml.etree import ElementTree

import pytest

from flowcheck.compile import compile_program
from flowcheck.reach.build import matrix
from flowcheck.reports import FORMATS, renderer
from tests.builders import allow, make_cluster, make_pod, make_policy

HOSTILE = 'w"]; evil -> you <script>|`$(x)\x1b[31m\u202e\nnext'


def rendered(form: str) -> str:
    cluster = make_cluster(
        make_pod("a", "10.0.0.1", workload=f"Deployment/{HOSTILE}"),
        make_pod("b", "10.0.0.2"),
        make_policy(ingress=[allow(ports="80")]),
    )
    stream = io.StringIO()
    renderer("matrix", form)(matrix(compile_program(cluster)), stream)
    return stream.getvalue()


@pytest.mark.parametrize("form", FORMATS["matrix"])
def test_no_control_character_comes_through(form: str) -> None:
    text = rendered(form)
    assert not {"\x1b", "\u202e", "\r"} & set(text)
    assert not any(line.lstrip().startswith("next") for line in text.splitlines())


def test_a_name_stays_inside_its_quotes_in_dot() -> None:
    nodes = [line for line in rendered("dot").splitlines() if "evil" in line]
    assert nodes
    assert all('w\\"]; evil' in line for line in nodes)


def test_a_name_is_no_markup_in_mermaid() -> None:
    for line in rendered("mermaid").splitlines():
        inside = line.split('"')[1::2]
        assert not any(character in text for text in inside for character in '<>|`$"[]')


def test_a_name_is_text_in_svg() -> None:
    root = ElementTree.fromstring(rendered("svg"))
    assert {element.tag.rpartition("}")[2] for element in root.iter()} <= {
        "svg",
        "title",
        "style",
        "text",
        "rect",
    }
