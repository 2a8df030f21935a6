"""Folders without flows or manifests, or with what is neither: links, loops, pipes, hidden and odd names.

Nothing here is opened that would hang, and nothing is read twice.
"""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Callable
from pathlib import Path

from tests.badinputs.inputs import AUDIT, GOOD, BadInput, Make
from tests.runners.worlds import POLICY, write

MANIFESTS = ("audit", "{flows}", "--cluster", "{here}", "--allow-no-policies", "--jobs", "1")
CONVERT = ("convert", "{here}", "-o", "{out}")


def _named(name: str) -> Make:
    return lambda here: write(here / name)


def _folder(name: str) -> Make:
    return lambda here: (here / name).mkdir(parents=True)


def _fifo(name: str) -> Make:
    return lambda here: os.mkfifo(here / name)


def _link(name: str, target: str) -> Make:
    return lambda here: (here / name).symlink_to(target)


def _socket(name: str) -> Make:
    def make(here: Path) -> None:
        """A socket's path has a hundred characters at most, so it is made where the folder is."""
        with socket.socket(socket.AF_UNIX) as one:
            folder = os.open(here, os.O_RDONLY)
            one.bind(f"/proc/self/fd/{folder}/{name}")
            os.close(folder)

    return make


def _both(*makes: Callable[[Path], object]) -> Make:
    def make(here: Path) -> None:
        for one in makes:
            one(here)

    return make


def _results(here: Path) -> None:
    """What an audit wrote, taken for flows."""
    write(here / "violations.parquet")
    (here / ".flowcheck-lock").touch()


def _table_of(log: str) -> Make:
    return _both(_named("a.parquet"), _folder(log))


def _nested(here: Path) -> None:
    """A thousand folders in one another, and nothing in the last."""
    within = os.open(here, os.O_RDONLY)
    for _ in range(1000):
        os.mkdir("d", dir_fd=within)
        outer, within = within, os.open("d", os.O_RDONLY, dir_fd=within)
        os.close(outer)
    os.close(within)


def _one_file_three_names(here: Path) -> None:
    write(here / "a.parquet").with_name("b.parquet").hardlink_to(here / "a.parquet")
    (here / "c.parquet").symlink_to("a.parquet")
    shutil.copy(here / "a.parquet", here / "_hidden.parquet")
    (here / "d.parquet").write_bytes(b"PAR1")


def _policies(name: str) -> Make:
    return lambda here: (here / name).write_text(POLICY)


NO_FILES = r"^error: HERE\S*: no input files"
INSIDE = ("audit", "{here}/x.parquet", *GOOD)
NOT_THERE = r"^error: HERE/x\.parquet: no such file or folder .check the path"

FLOWS: tuple[tuple[str, Make, tuple[str, ...], int, str], ...] = (
    ("empty", lambda here: None, AUDIT, 2, NO_FILES),
    ("empty, to be converted", lambda here: None, CONVERT, 2, NO_FILES),
    ("a thousand in one another, all empty", _nested, AUDIT, 2, NO_FILES),
    (
        "an empty glob",
        lambda here: None,
        ("audit", "{here}/*.parquet", *GOOD),
        2,
        r"^error: HERE/\*\.parquet: no such file",
    ),
    (
        "hidden files only",
        _both(_named(".a.parquet"), _named("_b.parquet")),
        AUDIT,
        2,
        NO_FILES + r".*starts with a dot or underscore",
    ),
    ("hidden folders only", _both(_named(".d/a.parquet"), _named("_d/a.parquet")), AUDIT, 2, NO_FILES),
    ("a pipe only", _fifo("a.parquet"), AUDIT, 2, NO_FILES + ".*not a regular file"),
    ("a socket only", _socket("a.parquet"), AUDIT, 2, NO_FILES + ".*not a regular file"),
    ("a folder called as a file", _folder("a.parquet"), AUDIT, 2, NO_FILES),
    (
        "names of other things",
        _both(_named("a.txt"), _named("b.parquet.tmp"), _named("c.crc")),
        AUDIT,
        2,
        NO_FILES + ".*its name ends in none of",
    ),
    ("results of an audit", _results, AUDIT, 2, NO_FILES),
    (
        "a link to itself",
        _link("a.parquet", "a.parquet"),
        AUDIT,
        2,
        NO_FILES + ".*(cannot be examined|[Tt]oo many)",
    ),
    (
        "links to one another",
        _both(_link("a.parquet", "b.parquet"), _link("b.parquet", "a.parquet")),
        AUDIT,
        2,
        NO_FILES,
    ),
    ("a link to nowhere", _link("a.parquet", "nowhere"), AUDIT, 2, NO_FILES + ".*cannot be examined"),
    ("a link to the folder itself", _link("again", "."), AUDIT, 2, NO_FILES),
    ("a link to a device", _link("a.parquet", "/dev/zero"), AUDIT, 2, NO_FILES + ".*not a regular file"),
    ("a pipe that was named", _fifo("x.parquet"), INSIDE, 2, r"no input files .*not a regular file"),
    (
        "a device that was named",
        lambda here: None,
        ("audit", "/dev/zero", *GOOD),
        2,
        r"no input files .*not a regular file",
    ),
    ("a file that is not there", lambda here: None, INSIDE, 2, NOT_THERE),
    (
        "a link that was named and leads nowhere",
        _link("x.parquet", "nowhere"),
        INSIDE,
        2,
        "no input files .*cannot be examined",
    ),
    (
        "a file as a folder",
        _named("x.parquet"),
        ("audit", "{here}/x.parquet/y", *GOOD),
        2,
        r"^error: HERE/x\.parquet/y: no such file",
    ),
    (
        "a pipe beside a good one",
        _both(_fifo("a.parquet"), _named("b.parquet")),
        AUDIT,
        1,
        r"^HERE/a\.parquet: skipped: not a regular|^HERE/\S*: .*not a regular",
    ),
    (
        "a lost link beside a good one",
        _both(_link("a.parquet", "x"), _named("b.parquet")),
        AUDIT,
        3,
        r"^HERE/a\.parquet: failed: cannot be examined",
    ),
    (
        "one file by three names, and a broken one",
        _one_file_three_names,
        AUDIT,
        3,
        r"^HERE/(d\.parquet: failed: not a Parquet|_hidden\.parquet: skipped: )",
    ),
    (
        "a name of terminal commands",
        _both(_named("\x1b[2J.parquet"), _named("bad\n.txt"), _fifo("\x1b]0;x\x07.parquet")),
        AUDIT,
        1,
        r".",
    ),
    (
        "a broken file of a name that forges a line",
        lambda here: (here / "a\nFAKE: 0 violations.parquet").write_bytes(b"PAR1"),
        AUDIT,
        3,
        r"^HERE/a\\nFAKE: 0 violations\.parquet: failed: ",
    ),
    (
        "a broken file of a name that turns text round",
        lambda here: (here / "\u202egnp.parquet").write_bytes(b"PAR1"),
        AUDIT,
        3,
        r"^HERE/\\u202egnp\.parquet: failed: ",
    ),
    (
        "a broken file of a name that is not UTF-8",
        lambda here: (here / os.fsdecode(b"\xff\xfe.parquet")).write_bytes(b"PAR1"),
        AUDIT,
        3,
        r"^HERE/\\xff\\xfe\.parquet: failed: ",
    ),
    (
        "a folder that tells a protocol in words",
        _named("protocol=tcp/a.parquet"),
        AUDIT,
        3,
        r"^HERE/protocol=tcp/a\.parquet: failed: the folder protocol=tcp tells a column",
    ),
    (
        "a folder that tells too large a port",
        _named("dst_port=70000/a.parquet"),
        AUDIT,
        3,
        r"failed: the folder dst_port=70000 tells a column.*from 0 to 65535",
    ),
    (
        "folders that contradict one another",
        _named("action=1/action=2/a.parquet"),
        AUDIT,
        3,
        r"failed: the path says action=1 and action=2",
    ),
    (
        "a table of Iceberg",
        _both(
            _named("data/a.parquet"),
            lambda here: (here / "metadata").mkdir(),
            lambda here: (here / "metadata/version-hint.text").write_text("1"),
        ),
        AUDIT,
        2,
        "a table of Iceberg: files of versions",
    ),
    ("a table of Hudi", _table_of(".hoodie"), AUDIT, 2, "a table of Hudi: files of versions"),
    ("a table of Delta without a log", _table_of("_delta_log"), AUDIT, 2, "a table of Delta"),
)

CLUSTERS: tuple[tuple[str, Make, int, str], ...] = (
    ("empty", lambda here: None, 2, r"^error: no YAML or JSON documents found"),
    ("a thousand in one another, all empty", _nested, 2, r"^error: no YAML or JSON documents found"),
    ("hidden files only", _policies(".a.yaml"), 2, r"^error: no YAML or JSON documents found"),
    ("a pipe only", _fifo("a.yaml"), 2, r"^error: no YAML or JSON documents found|HERE/a\.yaml"),
    ("a socket only", _socket("a.yaml"), 2, r"^error: no YAML or JSON documents found|HERE/a\.yaml"),
    ("names of other things", _policies("a.txt"), 2, r"^error: no YAML or JSON documents found"),
    ("a link to itself", _link("a.yaml", "a.yaml"), 2, r"HERE/a\.yaml.*(cannot be read|[Tt]oo many)"),
    ("a link to nowhere", _link("a.yaml", "nowhere"), 2, r"HERE/a\.yaml.*cannot be read"),
    ("a link to the folder itself", _link("again", "."), 2, r"^error: no YAML or JSON documents found"),
    (
        "a link to a device",
        _link("a.yaml", "/dev/zero"),
        2,
        r"^error: no YAML or JSON documents found|HERE/a\.yaml",
    ),
    (
        "a broken file of a name that forges a line",
        lambda here: (here / "a\nFAKE: fine.yaml").write_text("kind: ["),
        2,
        r"^HERE/a\\nFAKE: fine\.yaml:1",
    ),
    (
        "policies and nobody whom they select",
        _policies("a.yaml"),
        2,
        r"^error: the cluster has no pods and no workloads",
    ),
    (
        "a chart of Helm's",
        _both(
            _folder("templates"),
            lambda here: (here / "Chart.yaml").write_text("name: x\n"),
            lambda here: (here / "templates/a.yaml").write_text(POLICY.replace("shop", "{{ .Values.ns }}")),
        ),
        2,
        r"HERE/templates/a\.yaml.*Helm template",
    ),
)

INPUTS: list[BadInput] = [
    *(BadInput(f"flows: {name}", make, command, code, said) for name, make, command, code, said in FLOWS),
    *(BadInput(f"cluster: {name}", make, MANIFESTS, code, said) for name, make, code, said in CLUSTERS),
]
