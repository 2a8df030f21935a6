"""Words on the command line that mean nothing, or cannot be meant together, for every command.

What is wrong is said before anything is read: hardly one of these has a file.
"""

from __future__ import annotations

from collections.abc import Iterator

from tests.badinputs.inputs import BadInput, files

AUDIT = ("audit", "{flows}", "--cluster", "{cluster}")
LOAD = ("load", "{flows}", "--cluster", "{cluster}")
EXPLAIN = ("explain", "--cluster", "{cluster}", "--from", "shop/web", "--to", "shop/db", "--port", "5432")
CONVERT = ("convert", "{flows}", "-o", "{out}")
INVENTORY = ("inventory", "{cluster}", "-o", "{out}")
ODD = "\x1b]0;x\x07\nerror: fine"
"""What a terminal would obey, and a line of its own."""

VALUES: tuple[tuple[tuple[str, ...], str, tuple[str, ...], str], ...] = (
    (
        AUDIT,
        "--since",
        (
            "yesterday",
            "2026-13-01",
            "2026-01-01T25:00:00Z",
            "2026-01-01T10:00:00",
            "6y",
            "-6h",
            "999999w",
            "",
            ODD,
        ),
        "time|year|days|range",
    ),
    (AUDIT, "--until", ("tomorrow", "0", "2026-02-30"), "time|day"),
    (AUDIT, "--as-of", ("now", "20260131"), "is not a time"),
    (AUDIT, "--at", ("ctime", "1969-12-31"), "is not a time|before 1970"),
    (AUDIT, "--skew", ("2", "-2s", "two", "2 s", "9999999s", ""), "is not a length of time"),
    (AUDIT, "--assume-unchanged", ("1y", "forever"), "is not a length of time"),
    (AUDIT, "--received-within", ("1", "an hour"), "is not a length of time"),
    (AUDIT, "--jobs", ("0", "-1", "many", "1.5", "9" * 5000), "valid integer|range"),
    (AUDIT, "--max-rejected", ("-1", "1.5", "101%", "few", "%", "9" * 19), "neither a number|percentage"),
    (AUDIT, "--min-coverage", ("-1", "101", "nan", "1e2", "all"), "not a percentage"),
    (
        AUDIT,
        "--cluster-range",
        ("10.0.0.0", "10.0.0.0/33", "10.0.0.1/8", "x", "::/129", ODD),
        r"range|write 10\.0|error: ",
    ),
    (AUDIT, "--from", ("hubbel", "HUBBLE", "", ODD), "is not one of"),
    (AUDIT, "--format", ("pdf", "json=", "=a", "", "JSON", ODD), "report format|names no file"),
    (AUDIT, "--fail-on", ("violations", ""), "is not one of"),
    (AUDIT, "--time-unit", ("minutes", "S"), "is not one of"),
    (AUDIT, "--time-zone", ("Mars/Olympus", "../../etc/passwd", "", "+02:00", ODD), "is no time zone"),
    (AUDIT, "--fields", ("", ",", "a,a"), "name each column once"),
    (AUDIT, "--cni", ("weave", "Cilium"), "is not one of"),
    (AUDIT, "--mesh", ("on", "istio"), "is not one of"),
    (AUDIT, "--mesh-identity", ("none",), "is not one of"),
    (AUDIT, "--color", ("red",), "is not one of"),
    (AUDIT, "--log-format", ("xml",), "is not one of"),
    (AUDIT, "--cluster", ("", "s3://", "HTTPS://host/x"), "empty path|names no bucket|no object store"),
    (AUDIT, "--policies", ("", "gs://"), "empty path|names no bucket"),
    (AUDIT, "--mapping", ("/nowhere.yaml", "/"), "does not exist|is a directory"),
    (AUDIT, "--dns-map", ("/nowhere.csv", "/dev/null"), "is no DNS map|is a directory|does not exist"),
    (AUDIT, "--config", ("/nowhere.yaml", "/", ODD), "cannot read|is a directory"),
    (AUDIT, "--clusters", ("x",), "[Nn]o such option"),
    (LOAD, "--alpha", ("0", "1", "-0.1", "5%", "nan"), "range|valid float|not a number"),
    (LOAD, "--min-effect", ("-1", "101%"), "not a percentage"),
    (LOAD, "--min-cv", ("-0.5", "x", "nan", "inf"), "range|valid float|not a number"),
    (LOAD, "--ambiguous", ("guess",), "is not one of"),
    (LOAD, "--format", ("jsonl", "svg"), "report format"),
    (LOAD, "--service", ("web", "shop/nowhere", ODD), "the cluster has no Service"),
    (
        EXPLAIN,
        "--port",
        ("0", "65536", "-1", "80/http", "80/", "http", "", "8" * 100, "\u0668\u0660"),
        "is not a port",
    ),
    (EXPLAIN, "--source-port", ("-1", "65536", "x"), "range|valid integer"),
    (EXPLAIN, "--from", ("", "shop", "shop/nobody", "10.0.0.999", "a/b/c/d", "10.0.0.1/24", ODD), "."),
    (EXPLAIN, "--to", ("", "shop/svc/nowhere", "svc/db", "::1::", "Node/nowhere", "*"), "."),
    (EXPLAIN, "--principal", ("web", "http://x", "spiffe://"), "--principal|principal"),
    (EXPLAIN, "--at", ("then",), "is not a time"),
    (EXPLAIN, "--format", ("md", "csv"), "is not one of"),
    (CONVERT, "--from", ("parquet",), "is not one of"),
    (CONVERT, "--jobs", ("0",), "range"),
    (INVENTORY, "--at", ("soon",), "is not a time"),
)
"""(a command, an option, what it does not take, what is said)."""

TOGETHER: tuple[tuple[str, tuple[str, ...], int, str], ...] = (
    ("no command", ("",), 2, "no command|Usage|did you mean"),
    ("no such command", ("adit", "x"), 2, "did you mean audit"),
    ("no such command of terminal commands", (ODD,), 2, "no command"),
    ("audit without flows", ("audit", "--cluster", "{cluster}"), 2, "FLOWS"),
    ("audit without a cluster", ("audit", "{flows}"), 2, "--cluster"),
    ("load without a cluster", ("load", "{flows}"), 2, "--cluster"),
    ("explain without ends", ("explain", "--cluster", "{cluster}"), 2, "--from"),
    ("explain without a port", EXPLAIN[:-2], 2, "--port"),
    ("convert without a place", ("convert", "{flows}"), 2, "--out"),
    ("inventory without paths", ("inventory", "-o", "{out}"), 2, "PATHS"),
    (
        "since after until",
        (*AUDIT, "--since", "2026-02-01", "--until", "2026-01-01"),
        2,
        "--since is not before --until",
    ),
    (
        "since as until",
        (*AUDIT, "--since", "2026-02-01", "--until", "2026-02-01"),
        2,
        "--since is not before --until",
    ),
    ("resume without a folder", (*AUDIT, "--resume"), 2, "--resume needs -o"),
    ("replace nothing", (*AUDIT, "--replace-policies"), 2, "--replace-policies needs --policies"),
    ("strict and lenient", (*AUDIT, "--keep-going", "--strict"), 2, "contradict one another"),
    ("strict and lenient, explained", (*EXPLAIN, "--keep-going", "--strict"), 2, "contradict one another"),
    (
        "two times for policies",
        (*AUDIT, "--as-of", "2026-01-01", "--policies", "current"),
        2,
        "contradict one another",
    ),
    ("standard input twice", ("audit", "-", "--cluster", "-"), 2, "standard input can be read only once"),
    (
        "standard input three times",
        ("load", "-", "-", "--cluster", "-"),
        2,
        "standard input can be read only once",
    ),
    (
        "standard input twice for an inventory",
        ("inventory", "-", "-", "-o", "{out}"),
        2,
        "standard input can be read only once",
    ),
    (
        "standard input twice, converted",
        ("convert", "-", "-", "-o", "{out}"),
        2,
        "standard input can be read only once",
    ),
    (
        "two reports in one place",
        (*AUDIT, "-f", "json", "-f", "csv"),
        2,
        "only one report can go to standard output",
    ),
    (
        "two reports in one file",
        (*AUDIT, "-f", "json={here}/a", "-f", "csv={here}/a"),
        2,
        "two reports would be written to",
    ),
    ("a report into a folder", (*AUDIT, "-f", "json={here}"), 4, "HERE"),
    ("a report where nothing can be", (*AUDIT, "-f", "json=/proc/a.json"), 4, "/proc"),
    ("a report in a folder that is not there", (*AUDIT, "-f", "json={here}/x/a.json"), 4, "HERE/x"),
    ("results in a file", (*AUDIT, "-o", "{flows}"), 2, "is a file"),
    ("results where nothing can be", (*AUDIT, "-o", "/proc/x"), 4, "/proc/x"),
    ("a picture where nothing can be", (*LOAD, "--svg", "/proc/x.svg"), 4, "/proc/x"),
    ("a conversion where nothing can be", ("convert", "{flows}", "-o", "/proc/x"), 4, "/proc"),
    ("a conversion of what is converted", CONVERT, 2, "is canonical Parquet already"),
    ("an inventory where nothing can be", ("inventory", "{cluster}", "-o", "/proc/x"), 4, "/proc"),
    ("an inventory into a folder", ("inventory", "{cluster}", "-o", "{here}"), 2, "is a directory"),
    ("a source port of what has none", (*EXPLAIN[:-1], "icmp", "--source-port", "1"), 2, "icmp has no ports"),
    ("a shell that is not known", ("completion", "powershell"), 2, "is not one of"),
    ("a sample that there is not", ("demo", "--sample", "weave"), 2, "is not one of"),
    ("a demo where nothing can be", ("demo", "/proc/x"), 4, "/proc"),
    ("a path with a NUL", ("audit", "a\0b", "--cluster", "{cluster}"), 2, "NUL"),
    (
        "flows that are not there",
        ("audit", "/nowhere/*.parquet", "--cluster", "{cluster}"),
        2,
        "no such file",
    ),
    (
        "a cluster that is not there",
        ("audit", "{flows}", "--cluster", "/nowhere"),
        2,
        "/nowhere.*cannot be read",
    ),
    (
        "flows for a cluster",
        ("audit", "{flows}", "--cluster", "{flows}"),
        2,
        r"flows\.parquet.*(inventory|column)",
    ),
    ("a cluster for flows", ("audit", "{cluster}", "--cluster", "{cluster}"), 2, "no input files"),
    (
        "from a format without a mapping",
        ("convert", "{cluster}/policy.yaml", "-o", "{out}", "--from", "mapped"),
        2,
        "there is no mapping",
    ),
)


def _values() -> Iterator[BadInput]:
    for command, option, words, said in VALUES:
        for word in words:
            name = f"{command[0]} {option} {word[:40]!r}"
            yield BadInput(name, files({}), (*command, f"{option}={word}"), 2, rf"^error: .*({said})")


INPUTS: list[BadInput] = [
    *_values(),
    *(BadInput(f"together: {name}", files({}), words, code, said) for name, words, code, said in TOGETHER),
]
