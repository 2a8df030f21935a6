#!/usr/bin/env bash
# What lies below a prefix in Google's store is not listed by pyarrow, unless one asks for all of it.
#
# One would guess: get_file_info(FileSelector(prefix)) lists objects and prefixes directly below it, whatever the store, as
# it does in S3 and Azure; so whoever walks level by level (to leave out hours by their names, or hidden folders) sees all.
# And a prefix that is not there raises FileNotFoundError, as in S3.
# Versions: pyarrow 26.0.1 (its bundled google-cloud-cpp); gcp-storage-emulator 2026.7.19; moto 5.2.5 beside it.
# Seen: the same two objects, root/a and root/year=2026/b. S3: a file and a directory. Google: the file alone, without a
# word of the rest; and of root/year=2026, where it alone lies below, nothing, though get_file_info calls it a directory.
# The request has a delimiter, and of the answer only "items" are taken, never "prefixes". recursive=True lists both files
# (and here no directories, where S3 has them). Only markers, objects whose names end in a slash, as pyarrow's create_dir
# writes them, make directories. A missing prefix raises a plain OSError whose errno is None; allow_not_found tells it.
set -euo pipefail

work="$(mktemp -d)"
trap '{ kill $servers; wait $servers; } 2>/dev/null || true; rm -rf "$work"' EXIT
servers=

python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check \
  pyarrow==26.0.1 gcp-storage-emulator==2026.7.19 'moto[server,s3]==5.2.5'
free='import socket; print(socket.create_server(("127.0.0.1", 0)).getsockname()[1])'
google="$(python3 -c "$free")" amazon="$(python3 -c "$free")"
"$work/venv/bin/python" -m gcp_storage_emulator start -H 127.0.0.1 --port "$google" -M --default-bucket logs >"$work/g" 2>&1 &
servers="$!"
"$work/venv/bin/python" -m moto.server -H 127.0.0.1 -p "$amazon" >"$work/a" 2>&1 &
servers="$servers $!"

cat >"$work/ask.py" <<'PYTHON'
import os
import socket
import sys
import time

os.environ |= {"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s", "AWS_EC2_METADATA_DISABLED": "true"}
from pyarrow.fs import FileSelector, GcsFileSystem, S3FileSystem

google, amazon = (f"127.0.0.1:{port}" for port in sys.argv[1:])
for address in (google, amazon):
    for _ in range(300):
        try:
            socket.create_connection(tuple(address.split(":")), 1).close()
            break
        except OSError:
            time.sleep(0.2)
stores = {
    "S3": S3FileSystem(endpoint_override=amazon, scheme="http", region="us-east-1", allow_bucket_creation=True),
    "Google": GcsFileSystem(endpoint_override=google, scheme="http", anonymous=True),
}
for name, store in stores.items():
    if name == "S3":
        store.create_dir("logs")
    for key in ("logs/root/a", "logs/root/year=2026/b", "logs/other/year=2026/b"):
        with store.open_output_stream(key) as out:
            out.write(b"x")
    for prefix, deep in (("logs/root", False), ("logs/other", False), ("logs/root", True)):
        found = sorted(f"{one.type.name} {one.path}" for one in store.get_file_info(FileSelector(prefix, recursive=deep)))
        print(f"{name}, {prefix}{' and below' if deep else ''}: {', '.join(found) or 'nothing'}")
    print(f"{name}, logs/other is a {store.get_file_info('logs/other').type.name}")
    try:
        store.get_file_info(FileSelector("logs/missing"))
    except OSError as error:
        print(f"{name}, missing: {type(error).__name__}, {error.errno}")
PYTHON
seen="$("$work/venv/bin/python" "$work/ask.py" "$google" "$amazon")"
echo "$seen"
[[ "$seen" == "S3, logs/root: Directory logs/root/year=2026, File logs/root/a
S3, logs/other: Directory logs/other/year=2026
S3, logs/root and below: Directory logs/root/year=2026, File logs/root/a, File logs/root/year=2026/b
S3, logs/other is a Directory
S3, missing: FileNotFoundError, 2
Google, logs/root: File logs/root/a
Google, logs/other: nothing
Google, logs/root and below: File logs/root/a, File logs/root/year=2026/b
Google, logs/other is a Directory
Google, missing: OSError, None" ]]
