#!/usr/bin/env bash
# Why S3 refuses a ranged read, pyarrow tells or not by what the caller's memory held before.
#
# One would guess: an archived object that is read says so each time, as the answer is the same each time: 403 with
# InvalidObjectState in its XML. boto3 says so each time.
# Versions: pyarrow 26.0.1 (its bundled AWS SDK for C++); against moto 5.2.5, whose answer is as S3 documents it.
# Seen: the answer's body lands in the buffer that the object's bytes were asked into, and is then parsed to the end of
# that buffer, not to its own. Where the buffer is zeroed or blank, the code and the message are found; where anything else
# lay there before, the XML does not parse, and the error is guessed from the status alone: ACCESS_DENIED, with an empty
# message. read_at takes its memory from a pool, so the same call on the same object says now the one, now the other (half
# and half, in a loop). Who decides by the code (restore it, or ask for a permission?) clears memory and uses readinto.
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
import re
import sys
import time

os.environ |= {"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s", "AWS_EC2_METADATA_DISABLED": "true"}
import boto3
from botocore.exceptions import BotoCoreError, ClientError
from pyarrow.fs import S3FileSystem

port, size = sys.argv[1], 4000
client = boto3.client("s3", endpoint_url=f"http://127.0.0.1:{port}", region_name="us-east-1")
for _ in range(300):
    try:
        client.create_bucket(Bucket="logs")
        break
    except BotoCoreError:
        time.sleep(0.2)
client.put_object(Bucket="logs", Key="flows", Body=b"x" * size, StorageClass="GLACIER")
try:
    client.get_object(Bucket="logs", Key="flows")
except ClientError as error:
    print("boto3:", error.response["Error"]["Code"])

s3 = S3FileSystem(endpoint_override=f"127.0.0.1:{port}", scheme="http", region="us-east-1")
for name, byte in (("zeros", b"\0"), ("blanks", b" "), ("letters", b"x"), ("digits", b"7")):
    with s3.open_input_file("logs/flows") as file:
        try:
            file.readinto(bytearray(byte * size))
        except OSError as error:
            said = re.fullmatch(r"AWS Error (.+) during GetObject operation: (.*)", str(error))
            print(f"pyarrow, into {name}:", said[1], "with a message" if "storage class" in said[2] else repr(said[2]))
PYTHON
seen="$("$work/venv/bin/python" "$work/ask.py" "$port")"
echo "$seen"
[[ "$seen" == "boto3: InvalidObjectState
pyarrow, into zeros: [code 136] with a message
pyarrow, into blanks: [code 136] with a message
pyarrow, into letters: ACCESS_DENIED ''
pyarrow, into digits: ACCESS_DENIED ''" ]] || { echo "changed" >&2; exit 1; }
