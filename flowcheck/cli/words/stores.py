"""Options for what lies in object stores: read before the arguments and options that name any."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from flowcheck.cli.words.values import Duration, Endpoint
from flowcheck.stores.uri import is_uri


class LocalFile(click.Path):
    """A file to write that lies in no store."""

    def __init__(self) -> None:
        super().__init__(dir_okay=False, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if isinstance(value, str) and is_uri(value):
            self.fail("such a file is not written to a store; write it here, and copy it there", param, ctx)
        return super().convert(value, param, ctx)


STORES: list[Any] = [
    click.option(
        "--endpoint",
        type=Endpoint(),
        is_eager=True,
        help="Where s3://, gs:// or abfs:// is, if not at Amazon, Google or Microsoft: "
        "https://minio.example:9000.",
    ),
    click.option(
        "--region", is_eager=True, help="Of the bucket.  [default: AWS_REGION, else S3 is asked for it]"
    ),
    click.option(
        "--anonymous", is_flag=True, is_eager=True, help="Read a public bucket, with no credentials."
    ),
]

PARTITIONS: list[Any] = [
    click.option(
        "--partition-margin",
        type=Duration(),
        help="How far around the time that its name tells a folder may hold flows: --since and --until leave "
        "out the others.  [default: 1h; VPC flow logs: 15m before]",
    ),
]
