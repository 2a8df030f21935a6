"""Writes docs/formats.md: the log formats, what each cannot tell, and what became of the records of examples.

    python -m tests.tools.formats_page [--samples FOLDER]

``--samples``: a folder of real records; the table of these is made anew, else it is kept as it is.
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

from flowcheck.errors import FlowFormatError
from flowcheck.flows.formats import all_formats
from flowcheck.flows.formats.chosen import choose
from flowcheck.flows.logs.account import Account
from flowcheck.flows.logs.form import Asked, Format
from flowcheck.flows.logs.text.head import head_of
from flowcheck.flows.logs.text.source import Source

ROOT = Path(__file__).parent.parent.parent
PAGE = ROOT / "docs" / "formats.md"
EXAMPLES = ROOT / "tests" / "flows" / "formats" / "examples"
MARK = "## Real records\n"

HEAD = """\
# Log formats

`audit`, `load` and `convert` read these, beside Parquet with
[canonical columns](../README.md#canonical-flow-columns). What a file is, is recognised by what stands in it;
`--from NAME` says it. Files may be packed by gzip or zstd; the lines of a container runtime, of Fluent Bit
and of loggers are unwrapped. What a log does not say itself is asked for: `--time-unit`, `--time-zone`,
`--fields`.

Every record becomes a row, or is merged (another row stands for its connection), left out (it is no flow)
or rejected, with a reason: `ledger.json` of an audit counts them, and so does `convert --ledger FILE`. A
line that is broken costs itself.

A log's own verdict is compared with the policies only where the network plugin's policies made it
(`action`). What a cloud's security groups did is shown (`cloud_action`), what was dropped for other
causes is no verdict; what either stopped did not arrive, so that it is no violation, no load, and
nothing that `suggest` allows. That a cloud accepted something says nothing of what came later. Where a
record names a policy, the report says how often that is one that decided.
What a mesh's own proxy decided (`mesh_action`, `mesh_policy_refs`) is compared with the mesh's policies.

What no record tells is no violation found, and never a proof that there was none.
"""

MAPPING = """\
## Any other log: a mapping

Parquet, CSV, TSV and JSON lines of any columns are read with `--mapping FILE`, which says in YAML what tells
each canonical column:

```yaml
records: connection            # event, window, connection, state or aggregate
where: {type: [flow, null]}    # records that are flows: the words of a column, null where it may be missing
null_words: ["-", ""]          # what means that there is no value
columns:
  start_time: {from: when, unit: ms}            # s, ms, us or ns; of local times zone: Europe/Berlin
  end_time: {from: took, unit: s, after: start_time}
  src_ip: client.address                        # a dot leads into what is nested
  dst_ip: [server.address, server.host_ip]      # the first that has a value
  dst_port: {from: server.endpoint, split: "address:port", part: 1}
  protocol: {from: proto, values: {T: 6, U: 17}}
  action: {from: outcome, values: {pass: 1, block: 2}, optional: true}
  initiator: {constant: 1}                      # the source opened it; else it is found out
  observation_point: {constant: 2}
  bytes: sent
```

`base: 16` reads numbers in hexadecimal; `format: csv` (tsv, json, parquet) and `separator` say what a file
is where that is not plain; `received` is a column of its own, which `--received-within` holds the start
against. A name that no record has, a unit that is none, or a column that flowcheck does not know is an error
with its line.
"""


def formats_part() -> str:
    """All of the page but the real records."""
    parts = [HEAD, "## Formats\n", "| name | log | what it cannot tell |\n|---|---|---|"]
    parts[-1] += "".join(f"\n| `{f.name}` | {f.title} | {'; '.join(f.silent)} |" for f in all_formats())
    parts += [
        "\n## Examples\n",
        "These are in the tests, made up, and say what a reader makes of each form.\n",
    ]
    rows = [
        _row(f"{format_.name}/{path.name}", path, format_)
        for format_ in all_formats()
        if not format_.needs_mapping
        for path in sorted((EXAMPLES / format_.name).iterdir())
    ]
    return "\n".join([*parts, _table(rows)]) + "\n"


def samples_part(folder: Path) -> str:
    """What became of real records."""
    rows = [_row(str(path.relative_to(folder)), path) for path in sorted(folder.glob("*/*"))]
    text = (
        "Public records, as projects, vendors and users published them; they are no part of this project.\n"
    )
    return f"{MARK}\n{text}\n{_table(rows)}\n"


def _table(rows: list[list[str]]) -> str:
    head = ["file", "read as", "records", "rows", "connections", "merged", "left out", "rejected"]
    lines = [head, ["---", "---", *["---:"] * 4, "---", "---"], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _row(name: str, path: Path, format_: Format | None = None) -> list[str]:
    account, connections = Account(), 0
    try:
        with Source(str(path)) as source:
            found = format_ or getattr(choose(head_of(source), Asked()), "format", None)
            if found is None:
                return [name, "canonical", *[""] * 6]
            for batch in found.read(source, Asked(time_zone="UTC"), account):
                account.rows += batch.num_rows
                if "flow_count" in batch.schema.names:
                    connections += sum(n or 0 for n in batch.column("flow_count").to_pylist())
    except FlowFormatError as error:
        return [name, f"not read: {error.message.replace('|', '/')}", *[""] * 6]
    return [
        name,
        found.name,
        *(f"{n:,}" for n in (account.records, account.rows, connections, account.merged)),
        _reasons(account.left_out),
        _reasons(account.rejected),
    ]


def _reasons(counts: Counter[str]) -> str:
    return ", ".join(f"{n:,} {reason}" for reason, n in sorted(counts.items()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=Path)
    samples = parser.parse_args().samples
    before = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    kept = MARK + before.partition(MARK)[2] if MARK in before else ""
    text = f"{formats_part()}\n{samples_part(samples) if samples else kept}"
    PAGE.write_text(text.rstrip("\n") + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
