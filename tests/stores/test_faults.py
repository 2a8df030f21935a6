"""What goes wrong with a store ends in one clear message and the right code, and no row is lost in
silence."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flowcheck.stores.trouble import trouble_of
from tests.environment import environment
from tests.runners.worlds import write, write_cluster
from tests.stores.fixtures import Store
from tests.stores.server import KEYS, Answer, Request, error


@pytest.fixture
def ready(store: Store, tmp_path: Path) -> Store:
    """Three files of four rows, and a cluster on disk."""
    file = write(tmp_path / "f.parquet")
    for name in ("a", "b", "c"):
        store.relay.put(f"bucket/flows/{name}.parquet", file.read_bytes())
    write_cluster(tmp_path / "cluster")
    return store


@pytest.fixture
def audit(ready: Store, tmp_path: Path) -> Callable[..., Any]:
    def run(*words: str, flows: str = "s3://bucket/flows", **env: str) -> Any:
        return ready.run(
            "audit", flows, "--cluster", tmp_path / "cluster", "-o", tmp_path / "out", *words, **env
        )

    return run


def entries(out: Path) -> dict[str, Any]:
    found = json.loads((out / "ledger.json").read_text())
    totals = found["totals"]
    assert totals["files_seen"] == totals["files_judged"] + totals["files_failed"] + totals["files_skipped"]
    assert totals["rows_declared"] == totals["rows_judged"] + totals["rows_unknown"]
    return {Path(entry["file"]).name: entry for entry in found["files"]}


def once(fault: Callable[[], Answer], when: Callable[[Request], bool], times: int = 1) -> Any:
    """Answers some requests so, the first ones it is asked."""
    left = [times]

    def meddle(request: Request, own: Callable[[], Answer]) -> Answer:
        if when(request) and left[0]:
            left[0] -= 1
            return fault()
        return own()

    return meddle


def always(status: int, code: str, when: Callable[[Request], bool] = lambda _: True) -> Any:
    return once(lambda: error(status, code), when, 1 << 30)


RUN = {
    "no bucket": (404, "NoSuchBucket", "there is no such bucket"),
    "denied": (403, "AccessDenied", "access is denied"),
    "key": (403, "InvalidAccessKeyId", "the access key is not known to the store"),
    "signature": (403, "SignatureDoesNotMatch", "the secret key is not the one of the access key"),
    "expired": (400, "ExpiredToken", "the credentials are no longer valid"),
    "clock": (403, "RequestTimeTooSkewed", "this machine's clock is too far off"),
    "odd": (418, "TeapotError", "the store answers TeapotError"),
}


@pytest.mark.parametrize("fault", RUN)
def test_what_stops_a_run_is_2_and_said_once(
    ready: Store, audit: Callable[..., Any], tmp_path: Path, fault: str
) -> None:
    status, code, words = RUN[fault]
    ready.relay.meddle = always(status, code)
    found = audit()
    assert found.returncode == 2
    assert f"s3://bucket/flows: {words}" in found.stderr
    assert found.stderr.count("error") == 1
    assert found.stdout == ""
    assert not (tmp_path / "out").exists()
    for secret in (*(KEYS[name] for name in ("AWS_SECRET_ACCESS_KEY",)), "AKIASECRET"):
        assert secret not in found.stderr


def test_the_servers_own_words(ready: Store, audit: Callable[..., Any]) -> None:
    """moto's: a bucket that there is not, a key that nobody has, nothing under a prefix."""
    assert "there is no such bucket" in audit(flows="s3://no-such-bucket/x").stderr
    missing = audit(flows="s3://bucket/elsewhere/")
    assert missing.returncode == 2
    assert "no such object or prefix" in missing.stderr
    assert ready.relay.ask("POST", "/moto-api/reset-auth", b"0").status == 200
    try:
        found = audit()
    finally:
        ready.relay.ask("POST", "/moto-api/reset-auth", b"inf")
    assert found.returncode == 2
    assert "the access key is not known to the store" in found.stderr


def test_a_store_that_is_not_there(audit: Callable[..., Any]) -> None:
    found = audit(FLOWCHECK_ENDPOINT="http://127.0.0.1:9")
    assert found.returncode == 2
    assert "the store cannot be reached" in found.stderr


def test_a_cluster_that_cannot_be_read_is_2(ready: Store, tmp_path: Path) -> None:
    ready.relay.put("bucket/cluster/a.yaml", (tmp_path / "cluster/cluster.yaml").read_bytes())
    ready.relay.meddle = always(403, "AccessDenied", lambda one: one.path.endswith("a.yaml"))
    found = ready.run("audit", "s3://bucket/flows", "--cluster", "s3://bucket/cluster")
    assert found.returncode == 2
    assert "s3://bucket/cluster/a.yaml: cannot be read: access is denied" in found.stderr
    ready.relay.meddle = None
    ready.relay.put("bucket/cluster/kustomization.yaml", b"resources: [a.yaml]")
    found = ready.run("audit", "s3://bucket/flows", "--cluster", "s3://bucket/cluster")
    assert "a kustomization, which is read from folders alone" in found.stderr
    found = ready.run("audit", "s3://bucket/flows", "--cluster", "s3://bucket/nowhere")
    assert "cannot be read: no such object or prefix" in found.stderr


def is_b(request: Request) -> bool:
    return request.path == "bucket/flows/b.parquet"


def reads_b(request: Request) -> bool:
    return is_b(request) and request.reads


FILE = {
    "denied": (always(403, "AccessDenied", is_b), "cannot_fetch", "access is denied"),
    "gone before it is opened": (always(404, "NoSuchKey", is_b), "cannot_fetch", "there is no such object"),
    "gone while it is read": (always(404, "NoSuchKey", reads_b), "unreadable", "changed while read"),
    "archived": (always(403, "InvalidObjectState", reads_b), "cannot_fetch", "the object is archived"),
    "throttled for ever": (always(503, "SlowDown", reads_b), "cannot_fetch", "asks to slow down"),
}


@pytest.mark.parametrize("fault", FILE)
def test_what_stops_a_file_is_3_and_the_others_are_judged(
    ready: Store, audit: Callable[..., Any], tmp_path: Path, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flowcheck.stores import arrow

    monkeypatch.setattr(arrow, "ATTEMPTS", 2)
    arrow._store.cache_clear()
    meddle, reason, words = FILE[fault]
    ready.relay.meddle = meddle
    found = audit()
    assert found.returncode == 3, found.stderr
    told = entries(tmp_path / "out")
    assert {name: one["status"] for name, one in told.items()} == {
        "a.parquet": "judged",
        "b.parquet": "failed",
        "c.parquet": "judged",
    }
    assert told["b.parquet"]["reason"] == reason
    assert words in told["b.parquet"]["detail"]
    assert "1 of 3 files could not be judged" in found.stderr


def test_the_reason_is_heard_whatever_lay_in_memory(ready: Store) -> None:
    """Arrow looks for it in memory that still holds what was read before, and finds none there."""
    from flowcheck.stores import arrow
    from flowcheck.stores.uri import Access, place_of

    place, size = place_of("s3://bucket/flows/b.parquet"), 1 << 17
    ready.relay.put("bucket/flows/b.parquet", b"x" * size)
    told = set()
    with environment(KEYS):
        opened = arrow.store_at(place, Access(ready.relay.endpoint)).open(place.path)
        for _ in range(30):
            ready.relay.meddle = None
            assert opened.read_at(size, 0) == b"x" * size
            ready.relay.meddle = always(403, "InvalidObjectState", reads_b)
            with pytest.raises(OSError, match=r".") as error:
                opened.read_at(size, 0)
            told.add(trouble_of(error.value).message)
    assert told == {"the object is archived"}


def test_throttling_that_ends_is_waited_for(ready: Store, audit: Callable[..., Any], tmp_path: Path) -> None:
    ready.relay.meddle = once(lambda: error(503, "SlowDown"), lambda one: one.reads or one.lists, 4)
    assert audit().returncode == 1
    assert {one["status"] for one in entries(tmp_path / "out").values()} == {"judged"}


def cut(request: Request, own: Callable[[], Answer]) -> Answer:
    """Half of the bytes that are promised."""
    answer = own()
    return answer._replace(body=answer.body[: len(answer.body) // 2]) if reads_b(request) else answer


def test_an_answer_that_is_cut_off_is_asked_for_again(
    ready: Store, audit: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flowcheck.stores import arrow

    tries = [0]

    def twice(request: Request, own: Callable[[], Answer]) -> Answer:
        tries[0] += reads_b(request)
        return cut(request, own) if tries[0] < 3 else own()

    ready.relay.meddle = twice
    assert audit().returncode == 1
    monkeypatch.setattr(arrow, "ATTEMPTS", 2)
    arrow._store.cache_clear()
    arrow._system.cache_clear()
    ready.relay.meddle = cut
    assert audit().returncode == 3
    assert "ended before all bytes had come" in entries(tmp_path / "out")["b.parquet"]["detail"]


def test_an_object_that_is_replaced_while_it_is_read(
    ready: Store, audit: Callable[..., Any], tmp_path: Path
) -> None:
    """By one of the same size, in the same second."""
    body = ready.relay.get("bucket/flows/b.parquet") or b""
    changed = [False]

    def replace(request: Request, own: Callable[[], Answer]) -> Answer:
        answer = own()
        if reads_b(request) and not changed[0]:
            changed[0] = True
            ready.relay.put("bucket/flows/b.parquet", body[:-20] + bytes(12) + body[-8:])
        return answer

    ready.relay.meddle = replace
    found = audit()
    assert found.returncode == 3
    told = entries(tmp_path / "out")["b.parquet"]
    assert (told["status"], told["reason"]) == ("failed", "unreadable")
    assert told["detail"].startswith("changed while read")


def test_an_object_that_grows_after_it_was_listed(
    ready: Store, audit: Callable[..., Any], tmp_path: Path
) -> None:
    body = ready.relay.get("bucket/flows/b.parquet") or b""

    def grow(request: Request, own: Callable[[], Answer]) -> Answer:
        answer = own()
        if "max-keys=1000" in request.query:
            ready.relay.put("bucket/flows/b.parquet", body + b"more")
        return answer

    ready.relay.meddle = grow
    assert audit().returncode == 3
    assert entries(tmp_path / "out")["b.parquet"]["detail"].startswith("changed since the audit began")


def test_an_object_that_is_half_a_file(ready: Store, audit: Callable[..., Any], tmp_path: Path) -> None:
    body = ready.relay.get("bucket/flows/b.parquet") or b""
    ready.relay.put("bucket/flows/b.parquet", body[: len(body) // 2])
    ready.relay.put("bucket/flows/c.parquet", b"")
    assert audit().returncode == 3
    told = entries(tmp_path / "out")
    assert told["b.parquet"]["detail"].startswith("not a Parquet file, or one that was cut short")
    assert told["b.parquet"]["sha256"]
    assert told["c.parquet"]["detail"] == "is empty"


def test_keys_that_reach_a_store_as_others_are_not_read(
    ready: Store, audit: Callable[..., Any], tmp_path: Path
) -> None:
    """libcurl makes ``flows/../b`` of ``b``, and Arrow takes ``flows//d`` for ``flows``."""
    body = ready.relay.get("bucket/flows/b.parquet") or b""
    for key in ("flows/%2E%2E/secret.parquet", "flows//d.parquet", "flows/%1B[31m.parquet"):
        ready.relay.ask("PUT", f"/bucket/{key}", body)
    found = audit()
    assert found.returncode == 3
    told = json.loads((tmp_path / "out" / "ledger.json").read_text())["files"]
    failed = sorted(one["detail"] for one in told if one["status"] == "failed")
    assert [one.split(" in it")[0] for one in failed] == [
        "its key has a control character",
        "its key has an empty part, . or ..",
        "its key has an empty part, . or ..",
    ]
    assert "\x1b" not in found.stdout + found.stderr
    for bad in ("s3://bucket/../b", "s3://bucket/a//b", "s3://bucket/a/./b", "s3:///b", "s3://bucket/\x1b"):
        found = audit(flows=bad)
        assert found.returncode == 2
        assert "\x1b" not in found.stderr


SECRETS = (
    "s3://AKIA:hush@bucket/x",
    "s3://hush@bucket/x",
    "gs://u:hush@bucket/x",
    "abfs://box:hush@account.dfs.core.windows.net/x",
    "s3://bucket/x?X-Amz-Signature=hush",
    "abfs://box@account.dfs.core.windows.net/x?sv=1&sig=hush",
)


@pytest.mark.parametrize("uri", SECRETS)
@pytest.mark.parametrize("how", ["flows", "cluster", "out"])
def test_secrets_in_addresses_are_refused_and_not_repeated(
    ready: Store, tmp_path: Path, uri: str, how: str
) -> None:
    words = {"flows": "s3://bucket/flows", "cluster": str(tmp_path / "cluster"), "out": str(tmp_path / "o")}
    words[how] = uri
    found = ready.run("audit", words["flows"], "--cluster", words["cluster"], "-o", words["out"])
    assert found.returncode == 2
    assert "hush" not in found.stderr + found.stdout


def test_secrets_in_endpoints_are_refused_and_not_repeated(ready: Store, audit: Callable[..., Any]) -> None:
    for env in ("FLOWCHECK_ENDPOINT", "AWS_ENDPOINT_URL"):
        others = {"FLOWCHECK_ENDPOINT": ""} if env == "AWS_ENDPOINT_URL" else {}
        found = audit(**{**others, env: "http://me:hush@127.0.0.1:9"})
        assert found.returncode == 2
        assert "hush" not in found.stderr
        assert "leave credentials out of it" in found.stderr


def test_an_endpoint_from_where_awss_tools_have_it(ready: Store, audit: Callable[..., Any]) -> None:
    found = audit(FLOWCHECK_ENDPOINT="", AWS_ENDPOINT_URL=ready.relay.endpoint)
    assert found.returncode == 1, found.stderr


def test_a_public_bucket_needs_no_credentials(ready: Store, tmp_path: Path) -> None:
    body = ready.relay.get("bucket/flows/b.parquet") or b""
    ready.relay.put("open/flows/a.parquet", body, public=True)
    none = {name: "" for name in KEYS if name.startswith("AWS_") and "KEY" in name}
    words = ["--cluster", tmp_path / "cluster", "--anonymous"]
    found = ready.run("audit", "s3://open/flows", *words, **none)
    assert found.returncode == 1, found.stderr
    private = ready.run("audit", "s3://bucket/flows", *words, **none)
    assert private.returncode == 3
    assert "access is denied" in private.stdout


def test_tables_are_refused_by_name(ready: Store, audit: Callable[..., Any], tmp_path: Path) -> None:
    """Files of versions that are gone lie in them."""
    body = ready.relay.get("bucket/flows/b.parquet") or b""
    for key in ("t/_delta_log/0.json", "t/x.parquet", "i/metadata/v1.metadata.json", "i/data/x.parquet"):
        ready.relay.put(f"bucket/{key}", body)
    for name, kind in (("t", "Delta"), ("i", "Iceberg")):
        found = audit(flows=f"s3://bucket/{name}")
        assert found.returncode == 2
        assert f"a table of {kind}, which is not read where it lies" in found.stderr


def test_azure_and_google_are_told_apart_and_told(audit: Callable[..., Any]) -> None:
    """No server of theirs is asked here: what is held is how addresses are taken, and words for their
    errors."""
    for bad in ("abfs://box/x", "abfs://account.dfs.core.windows.net/x", "s3a://bucket/x", "gcs://bucket/x"):
        assert audit(flows=bad).returncode == 2
    found = audit("--anonymous", flows="abfs://box@account.dfs.core.windows.net/x")
    assert found.returncode == 2
    assert "Azure is not read anonymously" in found.stderr
