"""What deploy/ has for jobs: manifests with commands that there are, and exit codes that mean something."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from flowcheck.cli.exits import Exit
from flowcheck.kernels.cached.folder import cache_directory
from flowcheck.live.role import rules
from tests.cli.run import ROOT, flowcheck
from tests.deploy.commands import commands, fault, fenced, words

DEPLOY = ROOT / "deploy"
KINDS = {
    "rbac.yaml": ["Namespace", "ServiceAccount", "ClusterRole", "ClusterRoleBinding"],
    "cronjob.yaml": ["PersistentVolumeClaim", "CronJob"],
    "watch.yaml": ["Deployment"],
    "argo-workflow.yaml": ["CronWorkflow"],
}


def documents(name: str) -> list[dict[str, Any]]:
    return [*yaml.safe_load_all((DEPLOY / name).read_text())]


def containers(value: Any) -> Iterator[dict[str, Any]]:
    """Whatever has an image of ours."""
    if isinstance(value, list):
        for one in value:
            yield from containers(one)
    elif isinstance(value, dict):
        if "flowcheck" in str(value.get("image", "")) and "args" in value:
            yield value
        for one in value.values():
            yield from containers(one)


def test_every_recipe_is_known() -> None:
    assert {one.name for one in DEPLOY.iterdir()} == {*KINDS, "Containerfile", "github-workflow.yaml"}


@pytest.mark.parametrize("name", KINDS)
def test_a_manifest_has_its_kinds_and_their_names(name: str) -> None:
    found = documents(name)
    assert [one["kind"] for one in found] == KINDS[name]
    assert all(one["apiVersion"] and one["metadata"]["name"] for one in found)
    cluster_wide = {"Namespace", "ClusterRole", "ClusterRoleBinding"}
    assert {one["metadata"].get("namespace") for one in found if one["kind"] not in cluster_wide} == {
        "flowcheck"
    }


@pytest.mark.parametrize("name", ["cronjob.yaml", "watch.yaml", "argo-workflow.yaml"])
def test_commands_of_containers_are_taken(name: str) -> None:
    found = [one["args"] for one in containers(documents(name))]
    assert found
    assert {fault([*map(str, one)]) for one in found} == {""}


def test_the_role_is_what_a_snapshot_asks_for() -> None:
    _, account, role, binding = documents("rbac.yaml")
    assert role["rules"] == rules()
    assert {verb for one in role["rules"] for verb in one["verbs"]} == {"list", "watch"}
    assert not [one for one in role["rules"] if {"*", "secrets"} & {*one["resources"], *one["apiGroups"]}]
    assert binding["roleRef"]["name"] == role["metadata"]["name"]
    assert binding["subjects"][0]["name"] == account["metadata"]["name"] == "flowcheck"


@pytest.mark.parametrize("name", ["cronjob.yaml", "watch.yaml"])
def test_containers_are_locked(name: str) -> None:
    for one in containers(documents(name)):
        security = one["securityContext"]
        assert security["readOnlyRootFilesystem"] is True
        assert security["allowPrivilegeEscalation"] is False
        assert security["capabilities"] == {"drop": ["ALL"]}
        assert "/tmp" in {mount["mountPath"] for mount in one["volumeMounts"]}


def test_the_codes_that_end_a_job_are_those_that_another_try_does_not_change() -> None:
    job = documents("cronjob.yaml")[1]["spec"]["jobTemplate"]["spec"]
    (rule,) = job["podFailurePolicy"]["rules"]
    final = {Exit.VIOLATIONS, Exit.USAGE, Exit.OUTPUT, Exit.INTERNAL}
    assert rule["action"] == "FailJob"
    assert set(rule["onExitCodes"]["values"]) == final
    assert Exit.INCOMPLETE not in final
    assert job["template"]["spec"]["restartPolicy"] == "Never"  # as a podFailurePolicy needs
    names = {one["name"] for one in job["template"]["spec"]["containers"]}
    assert rule["onExitCodes"]["containerName"] in names


def test_the_workflow_shows_findings_and_fails_for_what_was_not_looked_at() -> None:
    (workflow,) = documents("github-workflow.yaml")
    steps = workflow["jobs"]["policies"]["steps"]
    ran = [command for step in steps for command in commands(step.get("run", ""))]
    assert [words(one)[0] for one in ran] == ["diff", "audit"]
    assert {fault(words(one)) for one in ran} == {""}
    upload = next(step for step in steps if "upload-sarif" in step.get("uses", ""))
    assert f"sarif={upload['with']['sarif_file']}" in ran[1]
    assert upload["if"].startswith("always()")
    assert not [step for step in steps if step.get("continue-on-error")]
    assert not [one for one in ran if "exit-zero" in one]


def test_a_hook_ends_with_what_pre_commit_takes_for_a_failure(tmp_path: Path) -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    command = [*hook["entry"].split()[1:], *hook["args"]]
    assert hook["entry"].split()[0] == "flowcheck"
    assert hook["pass_filenames"] is False
    for file in (ROOT / "data" / "cluster").glob("*.yaml"):
        shutil.copy(file, tmp_path)
    at = [str(tmp_path) if word == "." else word for word in command]
    assert flowcheck(*at).returncode in (0, 1)
    policies = tmp_path / "policies.yaml"
    policies.write_text(policies.read_text().replace("podSelector", "podSelecter", 1))
    refused = flowcheck(*at)
    assert refused.returncode == 2
    assert "policies.yaml:" in refused.stderr
    other = re.search(r"args: \[(.*)\]", (ROOT / ".pre-commit-hooks.yaml").read_text())
    assert other is not None
    assert fault(["rules", *other[1].split(", ")]) == ""


PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_of_a_page_is_taken(page: Path) -> None:
    faults = {one: fault(words(one)) for one in fenced(page.read_text())}
    assert {one: why for one, why in faults.items() if why} == {}


# -- the image -----------------------------------------------------------------------------------------

CONTAINERFILE = (DEPLOY / "Containerfile").read_text()
STEPS = [
    line for line in CONTAINERFILE.replace("\\\n", " ").splitlines() if line and not line.startswith("#")
]


def step(word: str) -> list[str]:
    return [line.partition(" ")[2] for line in STEPS if line.startswith(word + " ")]


def test_the_image_is_made_of_what_there_is() -> None:
    copied = [source for line in step("COPY") if "--from" not in line for source in line.split()[:-1]]
    assert not [source for source in copied if not (ROOT / source).exists()]
    assert {*step("FROM")} == {
        "docker.io/library/python:3.11-slim-bookworm AS build",
        "docker.io/library/python:3.11-slim-bookworm",
    }
    assert "flowcheck" in copied
    assert "requirements-image.lock" in copied


def test_the_image_runs_as_nobody_whose_cache_it_is() -> None:
    (user,) = step("USER")
    number, _, group = user.partition(":")
    assert number == group == "65532"
    folder = re.search(r"FLOWCHECK_CACHE_DIR=(\S+)", CONTAINERFILE)
    assert folder is not None
    assert f"install -d -o {number} -g {group} -m 0700 {folder[1]}" in CONTAINERFILE
    warm = next(place for place, line in enumerate(STEPS) if "flowcheck warmup" in line)
    assert STEPS.index(f"USER {user}") < warm
    assert fault(words(STEPS[warm].removeprefix("RUN "))) == ""
    assert step("ENTRYPOINT") == ['["flowcheck"]']


LOCKED = """
mount --make-rprivate /
mount -t tmpfs tmpfs "$1"
for place in $(findmnt -rno TARGET | grep -vE '^/(proc|sys|dev)' | grep -vxF "$1"); do
  mount -o remount,ro,bind "$place" 2>/dev/null || true
done
shift
exec setpriv --reuid 65532 --regid 65532 --clear-groups \
  --inh-caps=-all,+dac_read_search --ambient-caps=-all,+dac_read_search \
  --bounding-set=-all,+dac_read_search "$@"
"""
"""With everything read-only but a folder for temporary files, as another user; who may read what is root's,
as the interpreter may lie there."""


def test_it_runs_with_a_read_only_root_as_another_user(tmp_path: Path) -> None:
    """As the image does, from kernels that were compiled before: none is compiled anew, and nothing but
    temporary files is written."""
    warm = cache_directory()
    room, kernels = tmp_path / "tmp", tmp_path / "kernels"
    room.mkdir()
    locked = ["unshare", "-m", "sh", "-ec", LOCKED, "sh", str(room)]
    probe = [*locked, "sh", "-c", f"! touch {tmp_path}/written && id -u"]
    if os.geteuid() != 0 or shutil.which("setpriv") is None or shutil.which("unshare") is None:
        pytest.skip("needs root, unshare and setpriv")
    tried = subprocess.run(probe, capture_output=True, text=True)
    if tried.stdout != "65532\n":
        pytest.skip(f"needs to be allowed to mount: {tried.stderr}")
    assert warm is not None
    assert flowcheck("warmup", "-q").returncode == 0
    shutil.copytree(warm, kernels)
    for path in (kernels, *kernels.rglob("*")):
        os.chown(path, 65532, 65532)
    shutil.rmtree(kernels / "programs", ignore_errors=True)
    before = {path: path.stat().st_mtime_ns for path in kernels.rglob("*")}
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "HOME": str(room),
        "TMPDIR": str(room),
        "FLOWCHECK_CACHE_DIR": str(kernels),
    }
    audit = ["audit", "data/flows/2026-03-10T00.parquet", "--cluster", "data/cluster"]
    done = subprocess.run(
        [*locked, sys.executable, "-m", "flowcheck", *audit],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=environment,
        timeout=300,
    )
    assert done.returncode == 1, done.stderr
    assert "read-only, does not hold" not in done.stderr
    assert "cache" not in done.stderr
    assert {path: path.stat().st_mtime_ns for path in kernels.rglob("*")} == before
