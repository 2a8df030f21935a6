"""Files that options name: a mapping of columns, addresses of DNS names, values of options."""

from __future__ import annotations

from collections.abc import Iterator

from tests.badinputs.inputs import BadInput, files

AUDIT = ("audit", "{flows}", "--cluster", "{cluster}")
LOG = '{"t": 1, "s": "10.0.0.1", "d": "10.0.0.2", "p": 80, "proto": 6}\n'
COLUMNS = {
    "start_time": "{from: t, unit: s}",
    "src_ip": "s",
    "dst_ip": "d",
    "dst_port": "p",
    "protocol": "proto",
}


def _mapping(more: str = "", **columns: str | None) -> str:
    told = {**COLUMNS, **columns}
    return (
        more
        + "columns:\n"
        + "".join(f"  {name}: {rule}\n" for name, rule in told.items() if rule is not None)
    )


MAPPINGS: tuple[tuple[str, str | bytes, str], ...] = (
    ("nothing", "", "there is no mapping"),
    ("a list", "- a\n", "is not one mapping"),
    ("two documents", f"{_mapping()}---\n{_mapping()}", "is not one mapping"),
    ("no YAML", "columns: [", "is not YAML"),
    ("a byte that is not UTF-8", b"columns: \xff", "it is no text in UTF-8"),
    ("no columns", "records: window\n", "there are no columns"),
    ("columns that are a list", "columns: [a]\n", "there are no columns"),
    ("a key that there is not", _mapping("colums: {}\n"), "there is no key 'colums'"),
    ("a column that there is not", _mapping(src_addr="s"), "there is no column 'src_addr'"),
    ("a column called by a number", _mapping() + "  7: s\n", "there is no column"),
    ("no time", _mapping(start_time=None), "no rule for start_time"),
    ("no source", _mapping(src_ip=None), "no rule for src_ip"),
    ("a unit that there is not", _mapping(start_time="{from: t, unit: min}"), "none of"),
    ("a unit of what is no time", _mapping(dst_port="{from: p, unit: s}"), "only times have a unit"),
    ("a rule of nothing", _mapping(dst_port="{}"), "needs either from or constant"),
    ("a rule of two things", _mapping(dst_port="{from: p, constant: 3}"), "needs either from or constant"),
    ("a rule that is a number", _mapping(dst_port="7"), "no rule for dst_port"),
    ("a part that is text", _mapping(dst_port="{from: p, split: ':', part: first}"), "is no whole number"),
    ("a base that there is not", _mapping(dst_port="{from: p, base: 8}"), "is no base"),
    ("a zone that there is not", _mapping(start_time="{from: t, zone: Mars/Olympus}"), "is no time zone"),
    ("a constant that does not fit", _mapping(dst_port="{constant: 70000}"), "is no number from 0 to 65535"),
    ("a constant time", _mapping(start_time="{constant: 3}"), "times differ by row"),
    ("words for no word", _mapping(protocol="{from: proto, values: [tcp]}"), "is no table of words"),
    (
        "a word's value that does not fit",
        _mapping(dst_port="{from: p, values: {http: 70000}}"),
        "is no number from",
    ),
    ("records of no kind", _mapping("records: sometimes\n"), "none of"),
    ("a format that there is not", _mapping("format: xml\n"), "none of"),
    ("a table that is text", _mapping("where: all\n"), "is no table of names"),
    ("a key twice", _mapping() + "  src_ip: s\n", "twice"),
    (
        "a mapping, 65 deep",
        _mapping("where: " + "{a: " * 65 + "1" + "}" * 65 + "\n"),
        "nested deeper than 64",
    ),
    ("more than 1 MiB", _mapping(f"# {'x' * (1 << 20)}\n"), "larger than 1 MiB"),
)

NAMES: tuple[tuple[str, str | bytes, str], ...] = (
    ("nothing", "", "the first line does not name|tells of no name"),
    ("a header and no more", "name,address\n", "tells of no name"),
    ("columns of something else", "a,b\n1,2\n", "the first line does not name"),
    ("a column too many", "name,address,ttl\nx.y,10.0.0.1,3\n", "'ttl' is no column"),
    ("a field too many", "name,address\nx.y,10.0.0.1,3\n", r"a\.map:2: has more fields"),
    ("an address that is none", "name,address\nx.y,10.0.0.999\n", r"a\.map:2: address"),
    ("an address with a port", "name,address\nx.y,10.0.0.1:80\n", r"a\.map:2: address"),
    ("a name of blanks", "name,address\n  ,10.0.0.1\n", r"a\.map:2: name"),
    ("a name of terminal commands", "name,address\n\x1b[2J,10.0.0.1\n", r"a\.map:2: name"),
    ("a name of 254 letters", f"name,address\n{'a' * 254},10.0.0.1\n", r"a\.map:2: name"),
    ("a time that is none", "name,address,from\nx.y,10.0.0.1,noon\n", r"a\.map:2: from"),
    ("a time without a zone", "name,address,from\nx.y,10.0.0.1,2026-01-01T10:00:00\n", r"a\.map:2: from"),
    (
        "an end before its beginning",
        "name,address,from,until\nx.y,10.0.0.1,2026-02-01T00:00:00Z,2026-01-01T00:00:00Z\n",
        r"a\.map:2: until",
    ),
    ("a byte that is not UTF-8", b"name,address\n\xff,10.0.0.1\n", r"a\.map:2: is not UTF-8"),
    ("a quote that is not closed", 'name,address\n"x.y,10.0.0.1\n', r"a\.map:\d: "),
    ("JSON that is broken", '{"name": "x.y", "address": \n', r"a\.map:1: is not JSON"),
    ("JSON that is a list", '{"name": "x.y", "address": "10.0.0.1"}\n[1]\n', r"a\.map:2: is no line"),
    ("JSON without addresses", '{"name": "x.y", "addresses": []}\n', r"a\.map:1: addresses"),
    (
        "a field that there is not",
        '{"name": "x.y", "adress": "10.0.0.1"}\n',
        r"a\.map:1: has a field 'adress'",
    ),
    ("a name that is a number", '{"name": 7, "address": "10.0.0.1"}\n', r"a\.map:1: name"),
    ("a time that is a number", '{"name": "x.y", "address": "10.0.0.1", "from": 7}\n', r"a\.map:1: from"),
    (
        "an answer without a time",
        '{"flow": {"l7": {"type": "RESPONSE", "dns": {"query": "x.", "ips": ["10.0.0.1"]}}}}\n',
        r"a\.map:1: flow\.time",
    ),
    (
        "an answer that holds for less than nothing",
        '{"flow": {"time": "2026-01-01T00:00:00Z", "l7": {"type": "RESPONSE", '
        '"dns": {"query": "x.", "ips": ["10.0.0.1"], "ttl": -1}}}}\n',
        r"a\.map:1: flow\.l7\.dns",
    ),
    ("JSON, a thousand deep", '{"a":' * 1000 + "1" + "}" * 1000 + "\n", r"a\.map:1: "),
)

CONFIGS: tuple[tuple[str, str | bytes, str], ...] = (
    ("a list", "- a\n", "must be one mapping"),
    ("text", "strict\n", "must be one mapping"),
    ("two documents", "jobs: 1\n---\njobs: 2\n", "must be one mapping"),
    ("no YAML", "jobs: [", "is not YAML"),
    ("a key twice", "jobs: 1\njobs: 2\n", "twice"),
    ("an option that there is not", "job: 1\n", "'job' is not an option of audit"),
    ("an option of another command", "audit: {service: a/b}\n", "'service' is not an option of audit"),
    ("a section that is text", "audit: strict\n", "must hold option names"),
    ("a switch that is text", "strict: maybe\n", "must be true or false"),
    ("a list for one value", "jobs: [1, 2]\n", "cannot hold such a value"),
    ("a truth value for a number", "jobs: true\n", "cannot hold such a value"),
    ("a value that means nothing", "since: yesterday\n", "is not a time"),
    ("a value out of range", "jobs: 0\n", "range"),
    ("values that contradict one another", "strict: true\nkeep-going: true\n", "contradict one another"),
    ("a config in a config", "config: other.yaml\n", "'config' is not an option"),
    ("a tag", "jobs: !!python/name:os.system\n", "."),
    ("an alias of nothing", "jobs: *a\n", "an anchor that stands nowhere"),
    ("65 deep", "jobs: " + "[" * 65 + "]" * 65, "nested deeper than 64"),
    ("a byte that is not UTF-8", b"jobs: \xff\n", "is not YAML|UTF-8"),
    ("more than 1 MiB", f"# {'x' * (1 << 20)}\njobs: 1\n", "larger than 1 MiB"),
    ("names of terminal commands", '"\\e[2J": 1\n', r"is not an option of audit"),
)


def _inputs() -> Iterator[BadInput]:
    convert = ("convert", "{here}/a.jsonl", "-o", "{out}", "--jobs", "1", "--mapping", "{here}/a.map")
    for name, text, said in MAPPINGS:
        line = rf"^(mapping, line \d+: |error: HERE/a\.map|error: --mapping HERE/a\.map).*({said})"
        yield BadInput(f"a mapping: {name}", files({"a.map": text, "a.jsonl": LOG}), convert, 2, line)
    for name, text, said in NAMES:
        line = rf"^(error: )?HERE/{said}" if said.startswith("a") else said
        yield BadInput(
            f"a DNS map: {name}", files({"a.map": text}), (*AUDIT, "--dns-map", "{here}/a.map"), 2, line
        )
    for name, text, said in CONFIGS:
        command = (*AUDIT, "--config", "{here}/a.yaml")
        yield BadInput(f"a config: {name}", files({"a.yaml": text}), command, 2, rf"^error: .*({said})")


INPUTS: list[BadInput] = [*_inputs()]
