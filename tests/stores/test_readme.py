"""The README's run of a bucket, and docs/stores.md."""

from __future__ import annotations

import re
import shlex
from datetime import date, timedelta

from tests.cli.run import flowcheck
from tests.stores.fixtures import ROOT, Store

README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGE = (ROOT / "docs" / "stores.md").read_text(encoding="utf-8")


def test_the_readme_shows_what_an_audit_of_a_bucket_prints(store: Store) -> None:
    ((code, command, shown),) = re.findall(
        r"<!-- stores: (\d) -->\n```\n(flowcheck .*?)\n(.*?)```", README, re.S
    )
    for day in (-1, 0, 1):
        folder = f"logs/flows/date={date(2026, 3, 10) + timedelta(days=day)}"
        store.upload(ROOT / "data/flows", folder)
    store.upload(ROOT / "data/cluster", "logs/cluster")
    done = store.run(*shlex.split(command)[1:], COLUMNS="100")
    assert done.returncode == int(code), done.stderr
    printed = done.stdout.splitlines()
    wanted = [line for line in shown.splitlines() if line != "..."]
    assert wanted
    assert [line for line in wanted if line not in printed] == []
    requests = [one for one in store.relay.requests if "/flows/" in one.path]
    (told,) = re.findall(r"example in the README takes (\d+) requests", PAGE)
    assert len(requests) == int(told)


def test_every_option_of_the_page_exists() -> None:
    helped = "".join(flowcheck(name, "--help").stdout for name in ("audit", "diff", "verify"))
    named = set(re.findall(r"(?<![\w-])(--[a-z][a-z-]+)", PAGE))
    assert [one for one in sorted(named) if one not in helped] == []
