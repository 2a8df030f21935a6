#!/usr/bin/env bash
# To pyarrow's S3FileSystem a bucket that does not exist is an empty folder that may be missing.
#
# One would guess: a bucket that is not there (a typing error, another account) is an error, as S3 answers 404
# NoSuchBucket for it, and not what a key without an object is: boto3 raises for the one, and lists nothing for the other.
# Versions: pyarrow 26.0.1; against moto 5.2.5, whose answers to these requests are those that S3 documents.
# Seen: get_file_info says NotFound of the bucket and of anything in it, the same as of a missing key. A FileSelector with
# allow_not_found=True lists nothing, with no error, where its documentation speaks of a base_dir that does not exist.
# With allow_not_found=False a missing bucket is an OSError that names NO_SUCH_BUCKET and a missing prefix a
# FileNotFoundError. So who asks whether there is anything, or lets a folder be missing, takes a mistyped bucket for one
# without files.
set -euo pipefail

work="$(mktemp -d)"
trap '{ kill "$server"; wait "$server"; } 2>/dev/null || true; rm -rf "$work"' EXIT
server=

python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check pyarrow==26.0.1 'moto[server,s3]==5.2.5'
port="$(python3 -c 'import socket; print(socket.create_server(("127.0.0.1", 0)).getsockname()[1])')"
"$work/venv/bin/python" -m moto.server -H 127.0.0.1 -p "$port" >"$work/log" 2>&1 &
server=$!

cat >"$work/ask.py" <<'PYTHON'
import os
import sys
import time

os.environ |= {"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s", "AWS_EC2_METADATA_DISABLED": "true"}
import boto3
from botocore.exceptions import BotoCoreError, ClientError
from pyarrow.fs import FileSelector, S3FileSystem

port = sys.argv[1]
client = boto3.client("s3", endpoint_url=f"http://127.0.0.1:{port}", region_name="us-east-1")
for _ in range(300):
    try:
        client.create_bucket(Bucket="logs")
        break
    except BotoCoreError:
        time.sleep(0.2)
client.put_object(Bucket="logs", Key="day/flows", Body=b"x")
s3 = S3FileSystem(endpoint_override=f"127.0.0.1:{port}", scheme="http", region="us-east-1")


def by_boto3(bucket, prefix):
    try:
        return str(client.list_objects_v2(Bucket=bucket, Prefix=prefix)["KeyCount"])
    except ClientError as error:
        return error.response["Error"]["Code"]


def by_pyarrow(path, allow_not_found):
    try:
        return str(len(s3.get_file_info(FileSelector(path, recursive=True, allow_not_found=allow_not_found))))
    except FileNotFoundError:
        return "FileNotFoundError"
    except OSError as error:
        return "NO_SUCH_BUCKET" if "NO_SUCH_BUCKET" in str(error) else repr(error)


for bucket, prefix in (("logs", "day"), ("logs", "none"), ("lgos", "day")):
    path = f"{bucket}/{prefix}"
    told = s3.get_file_info(path).type.name
    print(path, by_boto3(bucket, prefix), told, by_pyarrow(path, True), by_pyarrow(path, False))
PYTHON
seen="$("$work/venv/bin/python" "$work/ask.py" "$port")"
echo "path, listed by boto3, get_file_info, listed where it may be missing, and where not:"
echo "$seen"
[[ "$seen" == "logs/day 1 Directory 1 1
logs/none 0 NotFound 0 FileNotFoundError
lgos/day NoSuchBucket NotFound 0 NO_SUCH_BUCKET" ]] || { echo "changed" >&2; exit 1; }
