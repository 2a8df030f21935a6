"""Does a test notice? ``python -m tests.tools.mutants`` breaks the compiled path on purpose, place by place.

Each mutant is one replacement of source text in a temporary copy of the project, where the tests then run:
the cases; the agreement of the two paths on few random worlds; where manifests are read, the dialect tests. A
mutant is killed when one of them fails. Writes rows of docs/mutants.md; exits with 1 where a mutant survives.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from tests.tools.answer_mutants import ANSWER_MUTANTS, DIFF, MATRIX, PAGE, RULES, SUGGEST
from tests.tools.calico_mutants import CALICO, CALICO_MUTANTS
from tests.tools.cilium_mutants import CILIUM, CILIUM_MUTANTS
from tests.tools.engine_mutants import CHANGING, ENGINE_MUTANTS, ENGINES
from tests.tools.mesh_mutants import ISTIO, MESH, MESH_MUTANTS
from tests.tools.mutant_list import MUTANTS, Mutant
from tests.tools.profile_mutants import PROFILE_MUTANTS, PROFILES

ROOT = Path(__file__).parents[2]
TABLE = ROOT / "docs" / "mutants.md"
WORLDS = 60
PATIENCE = 600

# The suite's conftest may drop FLOWCHECK_ settings from outside, hence in the process itself. The package
# must be the mutated copy, or every mutant would seem to survive. Nobody reads a shrunken counter-example.
PYTEST = f"""
import os, sys, pytest, flowcheck
assert flowcheck.__file__.startswith(os.getcwd()), flowcheck.__file__
class Few:
    @pytest.hookimpl(trylast=True)
    def pytest_configure(self, config):
        os.environ["FLOWCHECK_WORLDS"] = "{WORLDS}"
        from hypothesis import Phase, settings
        settings.register_profile("kill", phases=[Phase.explicit, Phase.generate])
        settings.load_profile("kill")
sys.exit(pytest.main(sys.argv[1:], plugins=[Few()]))
"""


class Suite(NamedTuple):
    name: str
    arguments: tuple[str, ...]


CASES = Suite("cases", ("tests/test_cases.py", "-k", "compiled"))
WORLDS_SUITE = Suite(
    "worlds", ("tests/agreement/test_agreement.py", "-k", "network_policies or all_tiers or kept")
)
DIALECTS = Suite("dialects", ("tests/dialects",))
TIMELINES = Suite("timelines", ("tests/agreement/test_timeline_agreement.py",))
ENGINES_SUITE = Suite(
    "engines",
    (
        *("tests/agreement/test_expected.py", "tests/agreement/test_agreement.py"),
        *("-k", "all_that or what_is_said"),
    ),
)
CHANGING_SUITE = Suite("changing engines", ("tests/agreement/test_timeline_agreement.py", "-k", "all_that"))
CILIUM_SUITE = Suite(
    "Cilium",
    (
        "tests/dialects/test_cilium.py",
        "tests/engines/test_cilium.py",
        "tests/engines/test_identities.py",
        "tests/objects/test_cilium_objects.py",
    ),
)
CALICO_SUITE = Suite(
    "Calico",
    (
        *("tests/dialects/test_calico_selectors.py", "tests/dialects/test_calico.py"),
        *("tests/engines/test_calico.py", "tests/engines/test_calico_worlds.py"),
        "tests/objects/test_address_sets.py",
    ),
)
PROFILES_SUITE = Suite("profiles", ("tests/engines/test_switches.py", "tests/engines/test_profiles.py"))
MESH_SUITE = Suite(
    "mesh",
    (
        *("tests/compile/test_mesh.py", "tests/judging/test_told.py"),
        *("tests/agreement/test_mesh_facts.py", "tests/agreement/test_mesh_agreement.py"),
        *("tests/engines/test_istio_waypoints.py", "tests/test_data_mesh.py"),
        *("-k", "test_mesh.py or test_told or facts or waypoints or paths_agree or what_became"),
    ),
)
ISTIO_SUITE = Suite(
    "Istio",
    (
        *("tests/dialects/test_istio.py", "tests/engines/test_istio.py"),
        *("tests/engines/test_istio_members.py", "tests/engines/test_istio_peer_authentication.py"),
        "tests/engines/test_istio_waypoints.py",
    ),
)
ANSWERS = {
    DIFF: Suite(
        "comparisons",
        (
            *("tests/results/test_changes.py", "tests/results/test_diff.py", "tests/judging/test_paired.py"),
            *("tests/reading/test_both.py", "tests/reading/test_applied.py"),
            *("tests/agreement/test_paired_agreement.py", "tests/cli/test_diff.py"),
        ),
    ),
    RULES: Suite(
        "rules",
        (
            *("tests/algebra", "tests/results/test_perhaps_hit.py", "tests/results/test_usage.py"),
            "tests/cli/test_rules.py",
        ),
    ),
    SUGGEST: Suite("suggestions", ("tests/suggest", "tests/cli/test_suggest.py")),
    MATRIX: Suite(
        "matrices",
        (
            *("tests/reach", "tests/agreement/test_matrix_agreement.py"),
            *("tests/reports/test_matrix.py", "tests/cli/test_matrix.py"),
        ),
    ),
    PAGE: Suite(
        "page", ("tests/reports/test_escape.py", "tests/reports/test_page.py", "tests/cli/test_page.py")
    ),
}
LOADS = Suite("load", ("tests/balance/test_count.py", "tests/balance/test_services.py"))
OVER_TIME, LOAD = "over time: ", "load: "
"""How the names of mutants begin that only worlds that change, or flows without an initiator, can tell; and
of those that change no verdict but the load."""
SUITES = (
    *(CASES, WORLDS_SUITE, DIALECTS, TIMELINES, LOADS),
    *(ENGINES_SUITE, CHANGING_SUITE, CILIUM_SUITE, CALICO_SUITE, PROFILES_SUITE),
    *(MESH_SUITE, ISTIO_SUITE),
    *ANSWERS.values(),
)


class Outcome(NamedTuple):
    """``killers`` maps each suite to the test that failed first; it is empty where all passed."""

    mutant: Mutant | None
    killers: dict[str, str]

    @property
    def killed(self) -> bool:
        return any(self.killers.values())


def suites_for(mutant: Mutant) -> tuple[Suite, ...]:
    for beginning, suite in ANSWERS.items():
        if mutant.name.startswith(beginning):
            return (suite,)
    if mutant.name.startswith(OVER_TIME):
        return (CASES, TIMELINES)
    if mutant.name.startswith(ENGINES):
        return (ENGINES_SUITE,)
    if mutant.name.startswith(CHANGING):
        return (CHANGING_SUITE,)
    if mutant.name.startswith(CILIUM):
        return (CILIUM_SUITE,)
    if mutant.name.startswith(CALICO):
        return (CALICO_SUITE,)
    if mutant.name.startswith(PROFILES):
        return (PROFILES_SUITE,)
    if mutant.name.startswith(MESH):
        return (MESH_SUITE,)
    if mutant.name.startswith(ISTIO):
        return (ISTIO_SUITE,)
    if mutant.name.startswith(LOAD):
        return (LOADS,)
    return (CASES, WORLDS_SUITE) if not is_reading(mutant.file) else (CASES, DIALECTS)


def is_reading(file: str) -> bool:
    """Whether a file stands before the model, so that both paths are wrong in the same way."""
    return file.startswith(("dialects/", "history/", "manifests/", "objects/"))


def copy_project(to: Path) -> None:
    for part in ("flowcheck", "tests"):
        shutil.copytree(ROOT / part, to / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", to)
    for part in ("data", "docs"):
        (to / part).symlink_to(ROOT / part)


def apply(mutant: Mutant, to: Path) -> None:
    file = to / "flowcheck" / mutant.file
    text = file.read_text()
    found = text.count(mutant.old)
    if found != 1:
        raise ValueError(f"{mutant.name}: the text to replace occurs {found} times in {mutant.file}")
    file.write_text(text.replace(mutant.old, mutant.new))


def first_failure(suite: Suite, project: Path, cache: Path) -> str:
    """The short name of the test that fails first; empty where none does."""
    environment = {**os.environ, "PYTHONPATH": str(project), "FLOWCHECK_CACHE_DIR": str(cache)}
    command = [sys.executable, "-c", PYTEST, "-q", "-x", "-p", "no:cacheprovider", *suite.arguments]
    try:
        done = subprocess.run(
            command,
            cwd=project,
            env=environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return "no end"
    if done.returncode == 0:
        return ""
    found = re.search(
        r"^(?:FAILED|ERROR) \S*?([^/\s]+\.py)(?:::(?:\w+::)*(\w+))?(?:\[([^\]]+)\])?", done.stdout, re.M
    )
    if found is None:
        raise RuntimeError(
            f"{suite.name} ended with {done.returncode}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
        )
    file, test, parameter = found.groups()
    return (parameter or test or file).removesuffix("-compiled")


def try_mutant(mutant: Mutant | None, shared_cache: Path, suites: tuple[Suite, ...] = SUITES) -> Outcome:
    """Run the suites for one mutant, or (None) those given for the project as it is."""
    with tempfile.TemporaryDirectory(prefix="flowcheck-mutant-") as folder:
        project = Path(folder)
        copy_project(project)
        cache = shared_cache
        if mutant is not None:
            apply(mutant, project)
            suites = suites_for(mutant)
            # Kernels are cached by the sources they are made from; the others may share what is compiled.
            if mutant.file.startswith(("kernels/", "arrays")):
                cache = project / "cache"
        return Outcome(mutant, {suite.name: first_failure(suite, project, cache) for suite in suites})


def table_of(rows: Mapping[str, str]) -> str:
    """The page, of a row for each mutant by its name."""
    killed = sum("| killed |" in row for row in rows.values())
    by_case = sum("cases: " in row and "cases: none" not in row for row in rows.values())
    lines = [
        "# Mutants",
        "",
        "Generated by `python -m tests.tools.mutants`; do not edit.",
        "",
        "Each row is one deliberate mistake in a temporary copy of the package, and the first test failing",
        "because of it in each suite that was asked: the hand-written cases under `tests/cases` by the",
        f"compiled path, {WORLDS} + {WORLDS} random worlds on which it must agree with the reference,",
        f"{2 * WORLDS} random worlds that change over time, the tests of a dialect, language or engine.",
        "The agreement does not see mistakes in reading, as both paths read one model. A row is of the last",
        "run that tried its mutant: `--only TEXT` tries some.",
        "",
        f"**{killed} of {len(rows)} killed**, {by_case} of them by a hand-written case.",
        "",
        "| mutant | in | result | by |",
        "|---|---|---|---|",
        *rows.values(),
    ]
    return "\n".join(lines) + "\n"


def row_of(outcome: Outcome) -> str:
    assert outcome.mutant is not None
    killers = [f"{suite}: {test or 'none'}" for suite, test in outcome.killers.items()]
    cells = [
        outcome.mutant.name,
        f"`{outcome.mutant.file}`",
        "killed" if outcome.killed else "**survived**",
        "; ".join(killers).replace("|", "\\|"),
    ]
    return f"| {' | '.join(cells)} |"


def known_rows() -> dict[str, str]:
    """Those of the page as it stands, by the names of their mutants."""
    lines = TABLE.read_text().splitlines() if TABLE.exists() else []
    rows = [line for line in lines if line.startswith("| ") and "`" in line]
    return {row.removeprefix("| ").partition(" | ")[0]: row for row in rows}


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="tests.tools.mutants", description=__doc__)
    parser.add_argument("--only", default="", metavar="TEXT", help="mutants with this in their name")
    parser.add_argument("--new", action="store_true", help="those that the page has no row of")
    parser.add_argument("--processes", type=int, default=2)
    given = parser.parse_args(arguments)
    mutants = (
        *(*MUTANTS, *ENGINE_MUTANTS, *CILIUM_MUTANTS, *CALICO_MUTANTS, *PROFILE_MUTANTS, *MESH_MUTANTS),
        *ANSWER_MUTANTS,
    )
    known = known_rows()
    chosen = [one for one in mutants if given.only in one.name and not (given.new and one.name in known)]
    with tempfile.TemporaryDirectory(prefix="flowcheck-mutants-") as folder:
        cache = Path(folder)
        asked = {suite for mutant in chosen for suite in suites_for(mutant)}
        sound = try_mutant(None, cache, tuple(suite for suite in SUITES if suite in asked))
        if sound.killed:
            sys.stdout.write(f"the tests fail without any mutant: {sound.killers}\n")
            return 2
        with ThreadPoolExecutor(given.processes) as pool:
            outcomes = []
            for outcome in pool.map(lambda mutant: try_mutant(mutant, cache), chosen):
                assert outcome.mutant is not None
                word = "killed  " if outcome.killed else "SURVIVED"
                sys.stdout.write(f"{word} {outcome.mutant.name}: {outcome.killers}\n")
                sys.stdout.flush()
                outcomes.append(outcome)
    tried = {outcome.mutant.name: row_of(outcome) for outcome in outcomes if outcome.mutant is not None}
    rows = known | tried
    TABLE.write_text(table_of({one.name: rows[one.name] for one in mutants if one.name in rows}))
    return int(not all(outcome.killed for outcome in outcomes))


if __name__ == "__main__":
    raise SystemExit(main())
