"""The options that name a cluster and its policies."""

from __future__ import annotations

from typing import Any

import click

from flowcheck.cli.words.stores import STORES
from flowcheck.cli.words.values import InputPath, SnapshotTime

ONE_CLUSTER: list[Any] = [
    *STORES,
    click.option(
        "--cluster",
        multiple=True,
        required=True,
        type=InputPath(),
        help="File or folder of manifests, kubectl Lists, watch streams, audit logs; inventory.parquet; "
        "s3://, gs:// or abfs://; - for standard input. Repeatable.",
    ),
]

DOCUMENTS: list[Any] = [
    click.option("--keep-going", is_flag=True, help="Judge without the bad documents, and end with 3."),
    click.option("--strict", is_flag=True, help="Stop on any document that would take no part."),
]

CLUSTER: list[Any] = [
    *ONE_CLUSTER,
    click.option("--policies", multiple=True, type=InputPath(), help="More policy documents. Repeatable."),
    click.option(
        "--replace-policies", is_flag=True, help="--policies take the place of those under --cluster."
    ),
    *DOCUMENTS,
]

NO_POLICIES: list[Any] = [
    click.option("--allow-no-policies", is_flag=True, help="A cluster without policies is meant."),
]

SNAPSHOT_TIME: list[Any] = [
    click.option(
        "--at",
        type=SnapshotTime(),
        help="When the files were written whose names tell no time: a time, or mtime.",
    ),
]
