"""The README's lines that write reports, run in their order; and docs/gates.md, of which all that can
be tried is."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest
import yaml

from flowcheck.reports import FORMATS
from flowcheck.results.gate.ignoring import read_ignores
from tests.cli.run import flowcheck

pytestmark = pytest.mark.usefixtures("forked_workers")

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGE = (ROOT / "docs" / "gates.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(
    r"<!-- (page|sarif|baseline|ignore): (\S*), (\d) -->\n```\n(flowcheck .*?)\n(.*?)```", README, re.S
)
IGNORE = re.search(r"<!-- ignore file -->\n```yaml\n(.*?)```", README, re.S)
BLOCKS = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.S)]


def test_the_examples_of_the_readme_print_what_it_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert [name for name, *_ in EXAMPLES] == ["page", "sarif", "baseline", "ignore"]
    assert IGNORE is not None
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").symlink_to(ROOT / "data")
    (tmp_path / "flowcheck.ignore.yaml").write_text(IGNORE[1])
    for name, file, code, command, shown in EXAMPLES:
        done = flowcheck(*shlex.split(command)[1:], env={"COLUMNS": "100"})
        assert done.returncode == int(code), done.stderr
        printed = (Path(file).read_text() if file else done.stdout).splitlines()
        wanted = [line for line in shown.splitlines() if line != "..."]
        assert wanted
        assert [line for line in wanted if line not in printed] == [], name


def test_the_page_names_the_formats_that_there_are() -> None:
    table = PAGE.split("## Reports")[1].split("##")[0]
    named = re.findall(r"^\| `(\w+)` \|", table, re.M)
    assert named == [name for name, home in FORMATS["audit"].items() if ".gates." in home]


def test_the_ignore_file_of_the_page_can_be_read(tmp_path: Path) -> None:
    file = tmp_path / "flowcheck.ignore.yaml"
    file.write_text(re.findall(r"```yaml\n(.*?)```", PAGE, re.S)[0])
    assert len(read_ignores(file).entries) == 2


def words_of(script: str) -> list[str]:
    (command,) = re.findall(r"flowcheck (audit [^\n]*(?:\n +-[^\n]*)*)", script)
    return shlex.split(command)


def test_the_jobs_of_the_page_run_and_write_what_they_hand_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, github, gitlab = BLOCKS
    monkeypatch.chdir(tmp_path)
    (tmp_path / "flows").symlink_to(ROOT / "data" / "flows")
    (tmp_path / "cluster").symlink_to(ROOT / "data" / "cluster")
    (tmp_path / "flowcheck.ignore.yaml").write_text("[]\n")
    commands = re.findall(r"^    (flowcheck .*|mkdir .*)$", PAGE.split("## A new baseline")[1], re.M)
    assert flowcheck(*shlex.split(commands[0])[1:]).returncode == 1
    (tmp_path / "accepted").mkdir()
    (tmp_path / "result" / "findings.json").rename(tmp_path / "accepted" / "findings.json")
    (run,) = [step["run"] for step in github["steps"] if step.get("name") == "Audit"]
    done = flowcheck(*words_of(run))
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("::notice title=flowcheck::")
    (upload,) = [step for step in github["steps"] if "upload-sarif" in step.get("uses", "")]
    assert json.loads(Path(upload["with"]["sarif_file"]).read_text())["version"] == "2.1.0"
    (line,) = [one for one in gitlab["flowcheck"]["script"] if one.startswith("flowcheck")]
    assert flowcheck(*words_of(line)).returncode == 0
    for file in gitlab["flowcheck"]["artifacts"]["reports"].values():
        assert Path(file).stat().st_size


def test_every_option_of_the_page_exists() -> None:
    helped = flowcheck("audit", "--help").stdout
    assert [one for one in set(re.findall(r"(?<![\w-])(--[a-z][a-z-]+)", PAGE)) if one not in helped] == []
