#!/usr/bin/env bash
# "kubectl get -w" ends without a word, and with exit code 0, when the API server closes its watch or dies.
#
# One would guess: kubectl takes a closed watch up again, as client-go's reflectors do, or at least it ends with a
# message, an ERROR event or another exit code.
# Versions: kube-apiserver and kubectl 1.37.2, etcd 3.7.3. All three are built from their Go modules, with Go 1.26.8.
# The first build takes some ten minutes; a later one, from Go's build cache, one or two. The rest takes three minutes.
# Seen: the server closes each watch at a random time between once and twice its --min-request-timeout, which is 1800
# seconds by default and 20 here. "kubectl get configmaps -w --output-watch-events -o json" then ends by itself with
# exit code 0, with nothing on standard error, and with no event about it, and tells nothing of what is created later:
# what it leaves looks like a watch of a cluster where nothing more happens. It is so too when the server is killed,
# where kubectl ends at once, and when it is stopped by SIGTERM, where both end about a minute after the signal.
set -euo pipefail

kubernetes=1.37.2 etcd=3.7.3

work="$(mktemp -d)"
stop() {
    {
        kill -KILL $(jobs -p) ${api:-}
        wait
    } 2>/dev/null || true
    rm -rf "$work"
}
trap stop EXIT

export CGO_ENABLED=0
mkdir "$work/etcd" "$work/kube" "$work/run"
cd "$work/etcd"
printf '%s\n' 'module etcd' 'go 1.26.0' "require go.etcd.io/etcd/server/v3 v$etcd" >go.mod
nice timeout 3600 go build -mod=mod -o "$work/bin/etcd" go.etcd.io/etcd/server/v3
# Kubernetes' own go.mod takes its staging modules from folders; the same code is published as v0 of each of them.
cd "$work"
theirs="$(go mod download -json "k8s.io/kubernetes@v$kubernetes" | sed -n 's/.*"GoMod": "\(.*\)".*/\1/p')"
cd "$work/kube"
printf '%s\n' 'module kube' 'go 1.26.0' "require k8s.io/kubernetes v$kubernetes" >go.mod
sed -n "s,^\t\(k8s.io/[a-z-]*\) => ./staging/.*,replace \1 => \1 v0.${kubernetes#*.},p" "$theirs" >>go.mod
for command in kube-apiserver kubectl; do
    nice timeout 3600 go build -mod=mod -ldflags "-X k8s.io/component-base/version.gitVersion=v$kubernetes" \
        -o "$work/bin/$command" "k8s.io/kubernetes/cmd/$command"
done
export PATH="$work/bin:$PATH"

read -r client peer secure < <(python3 -c '
import socket
held = [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]
print(*(one.getsockname()[1] for one in held))')
cd "$work/run"
nice etcd --data-dir data --listen-client-urls "http://127.0.0.1:$client" \
    --advertise-client-urls "http://127.0.0.1:$client" --listen-peer-urls "http://127.0.0.1:$peer" \
    --initial-advertise-peer-urls "http://127.0.0.1:$peer" --initial-cluster "default=http://127.0.0.1:$peer" \
    >etcd.log 2>&1 &
openssl genrsa -out sa.key 2048 2>/dev/null
echo 'any-token,admin,admin,system:masters' >tokens.csv
cat >kubeconfig <<YAML
apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: "https://127.0.0.1:$secure", insecure-skip-tls-verify: true}}]
users: [{name: u, user: {token: any-token}}]
contexts: [{name: x, context: {cluster: c, user: u}}]
current-context: x
YAML
export KUBECONFIG="$work/run/kubeconfig"

within() {  # within SECONDS COMMAND...: until the command succeeds
    local end=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        ((SECONDS < end)) || { echo "not within time: $*" >&2; exit 1; }
        sleep 0.3
    done
}

start() {  # start OPTION...: the API server; its process is $api
    nice kube-apiserver --etcd-servers="http://127.0.0.1:$client" --bind-address=127.0.0.1 --secure-port="$secure" \
        --advertise-address=192.0.2.1 --cert-dir=certs --service-cluster-ip-range=10.96.0.0/16 \
        --service-account-issuer=https://kubernetes.default.svc --service-account-key-file=sa.key \
        --service-account-signing-key-file=sa.key --token-auth-file=tokens.csv --authorization-mode=AlwaysAllow \
        --disable-admission-plugins=ServiceAccount "$@" >>apiserver.log 2>&1 &
    api=$!
    disown "$api"  # or bash would tell of its end
    within 180 timeout 10 kubectl get --raw /readyz
}

halt() {
    kill -KILL "$api" 2>/dev/null || true
    within 30 eval '! kill -0 "$api"'
}

changed() {
    echo "changed: $*" >&2
    exit 1
}

watch() {  # watch NAME NAMESPACE: until the watch ends; leaves its events, errors, exit code and seconds in NAME.*
    local since=$EPOCHSECONDS code=0
    nice timeout 150 kubectl get configmaps -n "$2" -w --output-watch-events -o json >"$1.json" 2>"$1.err" || code=$?
    echo "$code $((EPOCHSECONDS - since))" >"$1.end"
}

begin() {  # begin NAMESPACE NAME...: watches in a namespace with one object, which then all tell of a second
    local space="$1" name
    shift
    timeout 30 kubectl create namespace "$space" >/dev/null
    timeout 30 kubectl create configmap -n "$space" before >/dev/null
    watches=()
    for name in "$@"; do
        watch "$name" "$space" &
        watches+=("$!")
    done
    for name in "$@"; do within 15 test -s "$name.json"; done
    timeout 30 kubectl create configmap -n "$space" during >/dev/null
    for name in "$@"; do within 15 grep -q '"name":"during"' "$name.json"; done
}

cat >told.py <<'PYTHON'
import json
import sys

events = [json.loads(line) for line in open(sys.argv[1])]
print(", ".join(f"{e['type']} {e['object']['kind']} {e['object'].get('metadata', {}).get('name')}" for e in events))
PYTHON

ended() {  # ended NAMESPACE NAME...: how these watches ended, once they have; then one more object is created there
    local space="$1" name told
    shift
    timeout 30 kubectl create configmap -n "$space" after >/dev/null
    sleep 2
    for name in "$@"; do
        read -r code seconds <"$name.end"
        ((code != 124)) || changed "$name goes on"
        ((code == 0)) || changed "$name ends with exit code $code"
        [[ ! -s "$name.err" ]] || changed "$name tells $(cat "$name.err")"
        told="$(python3 told.py "$name.json")"
        [[ "$told" == "ADDED ConfigMap before, ADDED ConfigMap during" ]] || changed "$name tells $told"
        echo "$name: after $seconds s exit code $code, no errors, all events: $told"
    done
}

kubectl version --client | tr '\n' ' ' && etcd --version | sed -n 1p

start --min-request-timeout=20
within 60 timeout 10 kubectl get namespace default
begin closed closed-1 closed-2 closed-3
wait "${watches[@]}"
ended closed closed-1 closed-2 closed-3
for name in closed-1 closed-2 closed-3; do
    read -r code seconds <"$name.end"
    ((20 <= seconds && seconds <= 45)) || changed "$name ends after $seconds s"
done
halt

# With the default of 1800 seconds, only the end of the server can end a watch here.
for signal in KILL TERM; do
    start
    begin "by-${signal,,}" "server-gets-SIG$signal"
    sent=$EPOCHSECONDS
    kill "-$signal" "$api"
    wait "${watches[@]}"
    kubectl_took=$((EPOCHSECONDS - sent))
    within 90 eval '! kill -0 "$api"'
    server_took=$((EPOCHSECONDS - sent))
    echo "SIG$signal: kubectl ends $kubectl_took s after it, the server $server_took s after it"
    for took in "$kubectl_took" "$server_took"; do
        case "$signal" in
            KILL) ((took <= 15)) || changed "not at once" ;;
            TERM) ((50 <= took && took <= 80)) || changed "not a minute later" ;;
        esac
    done
    start
    ended "by-${signal,,}" "server-gets-SIG$signal"
    halt
done
