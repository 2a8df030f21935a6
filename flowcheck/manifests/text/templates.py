"""Files that some other program turns into manifests: Helm templates, and what other template engines read.

They hold no object yet, and a policy in one would be lost without a word. So each is refused, with how to
render it. Called by ``streams``.

Source: Helm's chart layout: Chart.yaml beside a folder ``templates``.
"""

from __future__ import annotations

import os
import re
import shlex

from flowcheck.errors import Problem

_ACTION = re.compile(rb"\{\{|\{%|<%")
_HELM = re.compile(
    rb"\{\{-?\s*(?:/\*|(?:if|else|end|with|range|define|include|template|toYaml|tpl|default|quote|printf)\b"
    rb"|\$?\.(?:Values|Release|Chart|Capabilities|Files|Template)\b)"
)
_HELM_LINE = re.compile(rb"^[ \t]*" + _HELM.pattern, re.MULTILINE)
_MAY_HOLD_OBJECTS = re.compile(rb"""(?:^|[\s{,"'-])["']?(?:apiVersion|kind)["']?\s*:""", re.MULTILINE)


def may_hold_objects(text: bytes) -> bool:
    """Whether a text that cannot be read may be meant for Kubernetes."""
    return _MAY_HOLD_OBJECTS.search(text) is not None


def chart_of(name: str) -> str:
    """The folder of the Helm chart whose template a file is; empty: it is none."""
    folder = os.path.dirname(name)
    while folder and os.path.dirname(folder) != folder:
        folder, last = os.path.split(folder)
        if last == "templates" and os.path.isfile(os.path.join(folder, "Chart.yaml")):
            return folder or os.curdir
    return ""


def is_chart_template(name: str, text: bytes) -> bool:
    """Whether a file is a template of a Helm chart that wants rendering; some hold plain objects."""
    return bool(chart_of(name)) and b"{{" in text


def may_make_objects(name: str, text: bytes) -> bool:
    """Whether a text without a kind may be a template all the same: what it includes makes its objects."""
    return _HELM_LINE.search(text) is not None or is_chart_template(name, text)


def template_problem(name: str, text: bytes, where: str) -> Problem | None:
    """What to say of a text that could not be read, if it is a template."""
    if not _ACTION.search(text):
        return None
    if _HELM.search(text) or is_chart_template(name, text):
        chart = shlex.quote(chart_of(name) or "CHART")
        hint = f"render it first: helm template {chart} | flowcheck ... --cluster -"
        return Problem("is a Helm template, so its objects are not known", where, hint)
    hint = "render it first, and give what comes out"
    return Problem("is a template of another program, so its objects are not known", where, hint)


def unrendered(text: str) -> bool:
    """Whether a value still has a template's or a shell's placeholder in it."""
    return "{{" in text or "${" in text or "$(" in text
