#!/usr/bin/env bash
# Where a kubeconfig's credential plugin fails, Kubernetes' Python client asks the API server as nobody, with no error.
#
# One would guess: a user whose "exec" plugin ends with 1 (a session that has expired, say), or is not installed, cannot be
# used, and loading the kubeconfig, or the first request, raises; kubectl ends with "getting credentials: exec: executable ... failed".
# Versions: kubernetes 37.0.2 and 33.1.0.
# Seen: new_client_from_config raises nothing; what went wrong is a line of the root logger. The next request goes out
# without an Authorization header. An API server answers that as system:anonymous, most often with 403: so an expired
# login looks like a missing permission; and where anonymous requests are allowed, like a cluster in which there is little.
# So it is with a command that does not exist. What a plugin that works gives is sent as a bearer token.
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

cat >"$work/ask.py" <<'PYTHON'
import json
import logging
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from kubernetes import client, config

logging.disable(logging.CRITICAL)
asked = []


class Server(BaseHTTPRequestHandler):
    def do_GET(self):
        asked.append(self.headers.get("Authorization"))
        body = b'{"kind": "PodList", "apiVersion": "v1", "metadata": {}, "items": []}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = HTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
credential = {"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": {"token": "t"}}
PLUGINS = {
    "works": ("sh", f"echo '{json.dumps(credential)}'"),
    "fails": ("sh", "exit 1"),
    "is not there": ("/no/such/plugin", ""),
}
for name, (command, script) in PLUGINS.items():
    exec_ = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "command": command,
        "args": ["-c", script],
        "interactiveMode": "Never",
    }
    file = Path(sys.argv[1], "kubeconfig")
    file.write_text(
        json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [{"name": "c", "cluster": {"server": f"http://127.0.0.1:{server.server_port}"}}],
                "users": [{"name": "u", "user": {"exec": exec_}}],
                "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
                "current-context": "x",
            }
        )
    )
    try:
        api = client.CoreV1Api(config.new_client_from_config(str(file)))
        pods = api.list_pod_for_all_namespaces().items
    except Exception as error:
        print(f"a plugin that {name}: {type(error).__name__}")
    else:
        print(f"a plugin that {name}: {len(pods)} Pods, asked with {asked[-1]}")
PYTHON

for version in 37.0.2 33.1.0; do
    python3 -m venv --clear "$work/venv"
    "$work/venv/bin/pip" install --quiet --disable-pip-version-check "kubernetes==$version"
    seen="$("$work/venv/bin/python" "$work/ask.py" "$work")"
    echo "kubernetes $version"
    echo "$seen"
    [[ "$seen" == "a plugin that works: 0 Pods, asked with Bearer t
a plugin that fails: 0 Pods, asked with None
a plugin that is not there: 0 Pods, asked with None" ]] || { echo "changed" >&2; exit 1; }
done
