"""Whether the second opinion is heard: a checkout of two clusters, and what is expected of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.runners.worlds import POLICY, write_cluster
from tests.tools.peer_npa import scores

LIST = """\
0.0.0.0-255.255.255.255[External] => shop/web[Pod] : All Connections
shop/db[Pod] => 0.0.0.0-255.255.255.255[External] : All Connections
shop/db[Pod] => shop/web[Pod] : All Connections
shop/web[Pod] => 0.0.0.0-255.255.255.255[External] : All Connections
shop/web[Pod] => shop/db[Pod] : TCP 5432
"""
EXPOSURE = """
Exposure Analysis Result:
Egress Exposure:
shop/db[Pod]  \t=> \t0.0.0.0-255.255.255.255[External] : All Connections
shop/web[Pod] \t=> \t0.0.0.0-255.255.255.255[External] : All Connections
shop/web[Pod] \t=> \tentire-cluster : All Connections

Ingress Exposure:
shop/web[Pod] \t<= \t0.0.0.0-255.255.255.255[External] : All Connections

Workloads not protected by network policies:
shop/db[Pod] is not protected on Egress
shop/web[Pod] is not protected on Egress
shop/web[Pod] is not protected on Ingress
"""
DIFF = """\
Connectivity diff:
diff-type: changed, source: shop/web[Pod], destination: shop/db[Pod], old: TCP 5432, new: SCTP 1-9,TCP 22,25
"""
PORTS = "[{port: 22}, {port: 25}, {port: 1, endPort: 9, protocol: SCTP}]"


def checkout(folder: Path, **files: str) -> Path:
    write_cluster(folder / "tests" / "old")
    new = write_cluster(folder / "tests" / "new") / "policy.yaml"
    new.write_text(POLICY.replace("[{port: 5432, protocol: TCP}]", PORTS))
    for name in ("connlist", "diff"):
        (folder / "test_outputs" / name).mkdir(parents=True)
    outputs = {"connlist/old_connlist_output": LIST, "connlist/old_exposure_output": LIST + EXPOSURE}
    for name, text in {**outputs, "diff/diff_between_new_and_old": DIFF, **files}.items():
        (folder / "test_outputs" / f"{name}.txt").write_text(text)
    return folder


def test_what_is_right_agrees(tmp_path: Path) -> None:
    assert {title: dict(score.cases) for title, score in scores(checkout(tmp_path))} == {
        "list": {"agree": 1},
        "exposure to addresses outside": {"agree": 1},
        "not protected": {"agree": 1},
        "diff": {"agree": 1},
    }


@pytest.mark.parametrize(
    ("file", "text", "title"),
    [
        ("connlist/old_connlist_output", LIST.replace("TCP 5432", "TCP 5433"), "list"),
        ("connlist/old_connlist_output", LIST.partition("\n")[2], "list"),
        ("connlist/old_connlist_output", LIST + "shop/no[Pod] => shop/db[Pod] : TCP 1\n", "list"),
        (
            "connlist/old_exposure_output",
            EXPOSURE.replace("shop/web[Pod] \t<=", "shop/db[Pod] \t<="),
            "exposure to addresses outside",
        ),
        ("connlist/old_exposure_output", EXPOSURE.replace("Ingress\n", "Egress\n"), "not protected"),
        ("diff/diff_between_new_and_old", DIFF.replace("old: TCP 5432", "old: TCP 5431"), "diff"),
        ("diff/diff_between_new_and_old", DIFF.replace("TCP 22,25", "TCP 22"), "diff"),
        ("diff/diff_between_new_and_old", "Connectivity diff:\n", "diff"),
    ],
)
def test_what_is_wrong_differs(tmp_path: Path, file: str, text: str, title: str) -> None:
    found = dict(scores(checkout(tmp_path, **{file: text})))
    assert {name for name, score in found.items() if score.shown} == {title}


def test_what_cannot_be_held_against_one_another_is_counted(tmp_path: Path) -> None:
    folder = checkout(tmp_path)
    (folder / "tests" / "new" / "more.yaml").write_text("kind: VirtualMachine\n")
    (folder / "tests" / "old" / "more.yaml").write_text(POLICY.replace("5432", "0"))
    found = {title: dict(score.cases) for title, score in scores(folder)}
    assert found["list"] == {"objects that the API server refuses": 1}
    assert found["diff"] == {"objects that the API server refuses": 1}
