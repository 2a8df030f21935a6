"""ClickHouse, as chdb runs it in the process. The ready-made tables are dictionaries: joined as tables in
memory they cost a third more processor time, and most of it on one core."""

from __future__ import annotations

from pathlib import Path

from chdb.session import Session

from benchmarks.peers import VIOLATING, Groups


def work(tables: Path, flows: Path, out: Path) -> None:
    session = _session(tables)
    session.query(
        f"INSERT INTO FUNCTION file('{out}/violations.parquet', Parquet) "
        f"SELECT * FROM {_judged(flows)} WHERE {VIOLATING} "
        "SETTINGS output_format_parquet_compression_method = 'zstd'"
    )
    session.query(
        f"INSERT INTO FUNCTION file('{out}/load.parquet', Parquet) "
        f"SELECT dst_ip, count() AS records, sum(bytes) AS bytes FROM {_files(flows)} GROUP BY dst_ip"
    )


def groups(tables: Path, flows: Path) -> Groups:
    counted = f"SELECT verdict, {VIOLATING} AS violating, count(), sum(bytes) FROM {_judged(flows)}"
    lines = str(_session(tables).query(f"{counted} GROUP BY ALL", "TSV")).splitlines()
    found = (map(int, line.split()) for line in lines)
    return [(verdict, bool(violating), rows, sent) for verdict, violating, rows, sent in found]


def _session(tables: Path) -> Session:
    session = Session()
    one = f"SELECT toTypeName(assumeNotNull(address)) FROM {_files(tables, 'endpoints')} LIMIT 1"
    address = str(session.query(one, "TSV")).strip()
    for name, columns in (
        ("endpoints", f"address {address}, src_part Int64, dst_part Int64"),
        ("allow", "key Int64, verdict UInt8"),
    ):
        rows = f"SELECT * FROM {_files(tables, name)}"
        session.query(f"CREATE TABLE {name}_rows ENGINE = Memory AS {rows}")
        session.query(
            f"CREATE DICTIONARY {name} ({columns}) PRIMARY KEY {columns.split()[0]} "
            f"SOURCE(CLICKHOUSE(TABLE '{name}_rows')) LAYOUT(COMPLEX_KEY_HASHED()) LIFETIME(0)"
        )
    return session


def _judged(flows: Path) -> str:
    """The flows with their verdict, as a table expression."""
    src, dst = (
        f"dictGet('endpoints', '{end}_part', tuple(assumeNotNull({end}_ip)))" for end in ("src", "dst")
    )
    key = f"{src} + {dst} + toInt64(protocol) * 65536 + dst_port"
    return f"(SELECT *, dictGet('allow', 'verdict', tuple({key})) AS verdict FROM {_files(flows)})"


def _files(folder: Path, name: str = "*") -> str:
    return f"file('{folder}/{name}.parquet', Parquet)"
