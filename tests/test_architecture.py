"""Which module may import which, and where each third-party library lives, read from the code itself.

The rows of ROWS go from the bottom up: a module may import from rows above its own in this list, that
is from lower ranks, and from its own part. ``if TYPE_CHECKING:`` imports count as any other.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import NamedTuple

import pytest

from flowcheck.reports import FORMATS

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "flowcheck"

ROWS = (
    ("version", "errors", "counted", "outcome", "kinds", "uncollected", "signals"),
    ("shortages",),
    ("model", "arrays", "writing", "opening"),
    ("keywords", "temporary", "stores"),
    ("manifests", "reference", "kernels", "engines"),
    ("objects", "dialects", "compile", "flows"),
    ("history", "judging", "balance"),
    ("advice", "algebra", "live"),
    ("reading",),
    ("results", "explaining", "reach"),
    ("suggesting",),
    ("reports", "runners", "demo"),
    ("api", "cli"),
    ("spark",),
    ("flowcheck", "__main__"),
)
RANK = {part: rank for rank, row in enumerate(ROWS) for part in row}

NEVER = {
    "model": {"arrays", "compile", "kernels"},
    "kernels": {"model"},
    "reference": {"arrays", "compile", "kernels"},
    "reading": {"compile", "kernels", "flows", "arrays"},
    "engines": {"arrays", "writing"},
    "explaining": {"reference", "manifests", "dialects"},
    "reach": {"reference", "manifests", "dialects"},
    "algebra": {"reference", "manifests", "dialects"},
}
"""Beyond the rows: what gives the house its shape."""

APART = {
    "dialects": {"kubernetes", "admin", "calico", "cilium", "istio", "linkerd"},
    "flows": {
        f"formats.{name}"
        for name in (
            *("parquet", "hubble", "aws", "ocsf", "eks_agent", "calico", "netobserv", "ovn", "antrea"),
            *("gke", "gcp", "azure", "istio", "mapped"),
        )
    },
    "reports": {
        home.removeprefix("flowcheck.reports.") for forms in FORMATS.values() for home in forms.values()
    },
}
"""Modules that do not import one another, by part; what they share stands in the part's other modules."""

HOMES = {
    "click": {"cli"},
    "msgspec": {
        "kernels.cached",
        "manifests",
        "live",
        "flows.logs",
        "flows.formats",
        "objects",
        "history",
        "advice",
        "explaining",
        "balance",
        "outcome",
        "results",
        "suggesting",
        "reports",
        "runners",
    },
    "numba": {"kernels"},
    "numpy": {
        "arrays",
        "compile",
        "kernels",
        "flows",
        "judging",
        "explaining",
        "reach",
        "algebra",
        "suggesting",
        "balance",
        "results",
        "runners",
        "demo",
    },
    "jinja2": {"reports.audit.page"},
    "markupsafe": {"reports.audit.page"},
    "duckdb": {"runners.verifying.querying"},
    "pyspark": {"runners.spark.session", "spark"},
    # A cluster's history is a Parquet table too, and it is read before any flow is touched.
    # manifests.files.packed: zstd, for which Python 3.11 has nothing.
    "pyarrow": {
        "flows",
        "judging",
        "explaining",
        "reach",
        "history.inventory",
        "manifests.files.packed",
        "balance",
        "outcome",
        "results",
        "stores",
        "reports.answer",
        "runners",
        "demo",
    },
    "rich": {
        "reports.parts.console",
        "reports.audit.terminal",
        "reports.balance.terminal",
        "reports.explanation.sides",
        "reports.explanation.terminal",
        "reports.matrix.terminal",
        "reports.isolation.terminal",
        "reports.difference.terminal",
        "reports.diff.terminal",
        "reports.suggestion.terminal",
        "reports.verification.terminal",
        "reports.answer.terminal",
        "cli.flows.progress",
    },
    "yaml": {"manifests", "reports.suggestion.policies"},
}


class Import(NamedTuple):
    module: str
    imported: str
    line: int
    late: bool


def full_name(file: Path) -> str:
    """``flowcheck.cli.main``; a package is named by itself."""
    return ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def module_name(file: Path) -> str:
    """``cli.main``, ``arrays``."""
    return full_name(file).removeprefix("flowcheck.")


def imports_of(file: Path) -> Iterator[Import]:
    module = module_name(file)
    tree = ast.parse(file.read_bytes())
    late = {
        inner
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for inner in ast.walk(function)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(module, alias.name, node.lineno, node in late)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}:{node.lineno}: a relative import"
            for alias in node.names:
                yield Import(module, f"{node.module}.{alias.name}", node.lineno, node in late)


FILES = sorted(PACKAGE.rglob("*.py"))
IMPORTS = [found for file in FILES for found in imports_of(file)]
OWN = [
    (found, found.imported.removeprefix("flowcheck.").split("."))
    for found in IMPORTS
    if found.imported.startswith("flowcheck.")
]


def part_of(module: str) -> str:
    return module.split(".")[0]


def test_every_module_has_a_place_in_the_table() -> None:
    assert {part_of(module_name(file)) for file in FILES} <= RANK.keys()


def test_imports_point_down() -> None:
    assert not [
        found
        for found, (target, *_) in OWN
        if part_of(target) != part_of(found.module) and RANK[part_of(target)] >= RANK[part_of(found.module)]
    ]


def test_what_must_never_be_seen() -> None:
    assert not [found for found, (target, *_) in OWN if target in NEVER.get(part_of(found.module), ())]


@pytest.mark.parametrize("part", APART)
def test_siblings_do_not_import_one_another(part: str) -> None:
    members = {f"{part}.{name}" for name in APART[part]}

    def member_of(module: str) -> str:
        """The member a module is, or is part of; empty: of none."""
        return next((member for member in members if f"{module}.".startswith(f"{member}.")), "")

    reached = {(member_of(found.module), member_of(".".join(target))) for found, target in OWN}
    assert not {(source, target) for source, target in reached if source and target and source != target}


SUBJECTS: dict[str, set[str]] = {
    "audit": {"balance"},
    "balance": set(),
    "explanation": set(),
    "answer": set(),
    "matrix": set(),
    "isolation": set(),
    "difference": set(),
    "diff": set(),
    "rules": set(),
    "suggestion": set(),
    "verification": set(),
}
"""Folders of reports, and which others each may import."""


def test_reports_of_one_subject_do_not_import_those_of_another() -> None:
    assert SUBJECTS.keys() == FORMATS.keys()
    reached = {
        (found.module.split(".")[1], target[1])
        for found, target in OWN
        if found.module.startswith("reports.") and target[0] == "reports" and target[1] in SUBJECTS
    }
    assert not {
        (subject, other)
        for subject, other in reached
        if subject in SUBJECTS and other not in {subject, *SUBJECTS[subject]}
    }


@pytest.mark.parametrize("library", HOMES)
def test_every_library_has_a_home(library: str) -> None:
    homes = HOMES[library]
    assert not [
        found
        for found in IMPORTS
        if found.imported.split(".")[0] == library
        and not any(f"{found.module}.".startswith(f"{home}.") for home in homes)
    ]


def test_no_other_library_is_used() -> None:
    used = {found.imported.split(".")[0] for found in IMPORTS}
    assert used - set(sys.stdlib_module_names) - HOMES.keys() == {"flowcheck"}


def test_late_imports_are_only_in_the_command_line() -> None:
    assert not [found for found in IMPORTS if found.late and part_of(found.module) != "cli"]


# -- the shape of the house ---------------------------------------------------------------------------

MOST_MODULES, MOST_LINES = 18, 250
REASON = "One file because"
"""How the sentence begins, in a module's docstring, that says why it is longer."""

HOUSE = {
    full_name(file): file
    for folder in ("flowcheck", "benchmarks", "supply")
    for file in sorted((ROOT / folder).rglob("*.py"))
}
"""Every module of the package, of the benchmarks and of supply, by its full name."""
ARROWS = {
    (module, target)
    for module, file in HOUSE.items()
    for found in imports_of(file)
    for target in [found.imported if found.imported in HOUSE else found.imported.rpartition(".")[0]]
    if target in HOUSE and target != module
}


def circle(arrows: Iterable[tuple[str, str]]) -> list[str]:
    """One circle among these arrows; none is an empty list."""
    order: TopologicalSorter[str] = TopologicalSorter()
    for source, target in arrows:
        order.add(source, target)
    try:
        order.prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_no_files_import_one_another_in_a_circle() -> None:
    assert circle(ARROWS) == []


def children_of(folder: str) -> Iterator[tuple[str, str]]:
    """What imports what among a folder's files and subfolders, by their short names."""
    for arrow in ARROWS:
        if all(name.startswith(f"{folder}.") for name in arrow):
            source, target = (name.removeprefix(f"{folder}.").split(".")[0] for name in arrow)
            if source != target:
                yield source, target


def test_no_children_of_a_folder_import_one_another_in_a_circle() -> None:
    folders = {name.rpartition(".")[0] for name in HOUSE} - {""}
    assert {folder: found for folder in folders if (found := circle(children_of(folder)))} == {}


def test_a_folder_is_taken_in_at_a_glance() -> None:
    sizes = Counter(file.parent for file in HOUSE.values() if file.name != "__init__.py")
    assert {folder for folder, modules in sizes.items() if modules > MOST_MODULES} == set()


def test_a_long_module_says_why() -> None:
    texts = {module: file.read_text(encoding="utf-8") for module, file in HOUSE.items()}
    long = {module: text for module, text in texts.items() if text.count("\n") > MOST_LINES}
    docstrings = {module: ast.get_docstring(ast.parse(text)) or "" for module, text in long.items()}
    assert [module for module, said in docstrings.items() if REASON not in " ".join(said.split())] == []


HEAVY = ("numba", "numpy", "pyarrow", "rich", "yaml")


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["--version"],
        ["audit", "--help"],
        ["load", "--help"],
        ["demo", "--help"],
        ["explain", "--help"],
        ["matrix", "--help"],
        ["diff", "--help"],
        ["rules", "--help"],
        ["suggest", "--help"],
        ["inventory", "--help"],
        ["verify", "--help"],
        ["snapshot", "--help"],
        [],
    ],
)
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    code = (
        "import sys; from flowcheck.cli.main import main; main(sys.argv[1:]);"
        f"heavy = [name for name in {HEAVY!r} if name in sys.modules]; sys.exit(', '.join(heavy) or 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_package_itself_imports_nothing_heavy() -> None:
    code = f"import sys, flowcheck; sys.exit(any(name in sys.modules for name in {(*HEAVY, 'click')!r}))"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
