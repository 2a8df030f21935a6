"""Nothing in this repository runs code that it reads: read from the files themselves."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MODULES = {"pickle", "_pickle", "cPickle", "marshal", "shelve", "dill", "cloudpickle", "jsonpickle"}
BUILTINS = {"eval", "exec"}
ATTRIBUTES = {
    ("os", "system"),
    ("os", "popen"),
    ("subprocess", "getoutput"),
    ("subprocess", "getstatusoutput"),
    ("yaml", "load"),
    ("yaml", "load_all"),
    ("yaml", "unsafe_load"),
    ("yaml", "unsafe_load_all"),
    ("yaml", "full_load"),
    ("yaml", "full_load_all"),
    *(("yaml", f"{c}{kind}Loader") for c in ("", "C") for kind in ("", "Full", "Unsafe")),
}
FILES = {
    str(file.relative_to(ROOT)): file
    for folder in ("flowcheck", "tests", "benchmarks", "supply")
    for file in sorted((ROOT / folder).rglob("*.py"))
}


def forbidden(source: str) -> Iterator[str]:
    """Every word of the source that is forbidden, as it is written there."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names):
                yield from (one.name for one in names if one.name.split(".")[0] in MODULES)
            case ast.ImportFrom(module=str(module), names=names):
                for one in names:
                    if module.split(".")[0] in MODULES or (module, one.name) in ATTRIBUTES:
                        yield f"{module}.{one.name}"
            case ast.Attribute(ast.Name(of), name) if (of, name) in ATTRIBUTES or of in MODULES:
                yield f"{of}.{name}"
            case ast.Name(name, ast.Load()) if name in BUILTINS:
                yield name
            case ast.keyword("shell", value) if not (
                isinstance(value, ast.Constant) and value.value is False
            ):
                yield "shell="
            case ast.keyword("allow_pickle"):
                yield "allow_pickle="


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("eval('1')", "eval"),
        ("run = exec", "exec"),
        ("import yaml\nyaml.load(text, Loader=x)", "yaml.load"),
        ("from yaml import UnsafeLoader", "yaml.UnsafeLoader"),
        ("import subprocess\nsubprocess.run('x', shell=True)", "shell="),
        ("import os\nos.system('x')", "os.system"),
        ("import marshal", "marshal"),
        ("from pickle import loads", "pickle.loads"),
        ("numpy.load('x', allow_pickle=True)", "allow_pickle="),
    ],
)
def test_it_is_found_where_it_stands(source: str, found: str) -> None:
    assert list(forbidden(source)) == [found]


def test_what_is_allowed_is_not_found() -> None:
    assert not list(forbidden("import yaml\nyaml.safe_load('a: 1')\nself.exec()\nrun('x', shell=False)"))


def test_nothing_runs_what_it_reads() -> None:
    found = {name: set(forbidden(file.read_text(encoding="utf-8"))) for name, file in FILES.items()}
    assert {name: words for name, words in found.items() if words} == {}


NETWORK = {
    "asyncio",
    "ftplib",
    "http",
    "imaplib",
    "poplib",
    "requests",
    "smtplib",
    "socketserver",
    "ssl",
    "urllib3",
}
ADDRESSES = {"inet_pton", "inet_ntop", "AF_INET", "AF_INET6", "inet_aton"}
"""Of the module of sockets, what makes none."""
CONNECTIONS = {"flowcheck/live/connecting.py", "flowcheck/live/server.py"}
"""What asks an API server for `flowcheck snapshot`."""
PROCESSES = {
    "flowcheck/runners/handle.py",
    "flowcheck/runners/pool.py",
    "flowcheck/runners/process.py",
    "flowcheck/runners/verifying/tables/reading.py",
}
STORES = "flowcheck/stores/arrow.py"
"""Loaded only where a URI is given."""


def imported(source: str) -> set[str]:
    nodes = list(ast.walk(ast.parse(source)))
    plain = {one.name for node in nodes if isinstance(node, ast.Import) for one in node.names}
    return plain | {
        f"{node.module}.{one.name}"
        for node in nodes
        if isinstance(node, ast.ImportFrom)
        for one in node.names
    }


def test_the_package_opens_no_connection_and_starts_nothing_but_workers() -> None:
    for name, file in FILES.items():
        if not name.startswith("flowcheck/"):
            continue
        source = file.read_text(encoding="utf-8")
        found = imported(source)
        if name in CONNECTIONS:
            continue
        assert not re.search(r"import_module\(\"(?:kubernetes|urllib3)", source), name
        assert not {
            one for one in found if one.split(".")[0] in NETWORK or one.startswith("urllib.request")
        }, name
        assert "socket" not in found or set(re.findall(r"socket\.(\w+)", source)) <= ADDRESSES, name
        assert name == STORES or not {one for one in found if one.startswith("pyarrow.fs")}, name
        assert "subprocess" not in found or name in PROCESSES, name
        assert not re.search(r"\bos\.(?:exec|spawn|posix_spawn|popen|startfile)", source), name
