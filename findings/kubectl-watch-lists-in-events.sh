#!/usr/bin/env bash
# Past 500 objects, the first events that kubectl's watch prints hold lists of objects, no longer one object each.
#
# One would guess: each line of "kubectl get KIND -A -w --output-watch-events -o json" is one event about one
# object of that kind, however many there are.
# Versions: kube-apiserver and kubectl 1.37.2, etcd 3.7.3. All three are built from their Go modules, with Go 1.26.8.
# The first build takes some ten minutes; a later one, from Go's build cache, one or two.
# Seen: kubectl asks for the objects there are in pages of --chunk-size, 500 by default. Where one page holds them all,
# which still is so at 500, each object is an ADDED event of its own. From 501 on, each page is one ADDED event, whose
# object is a PodList of up to 500 Pods: 501 Pods are two events, of 500 and of one, and 1,100 are three. With
# --chunk-size=0 each object is an event of its own again. What happens afterwards is told one object at a time in any
# case. Each event is one line.
set -euo pipefail

kubernetes=1.37.2 etcd=3.7.3

work="$(mktemp -d)"
stop() {
    {
        kill -KILL $(jobs -p)
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
nice kube-apiserver --etcd-servers="http://127.0.0.1:$client" --bind-address=127.0.0.1 \
    --secure-port="$secure" --advertise-address=192.0.2.1 --cert-dir=certs --service-cluster-ip-range=10.96.0.0/16 \
    --service-account-issuer=https://kubernetes.default.svc --service-account-key-file=sa.key \
    --service-account-signing-key-file=sa.key --token-auth-file=tokens.csv --authorization-mode=AlwaysAllow \
    --disable-admission-plugins=ServiceAccount >apiserver.log 2>&1 &
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
within 180 timeout 10 kubectl get --raw /readyz
within 60 timeout 10 kubectl get namespace default

pods() {  # pods FIRST LAST: create Pods of these numbers
    python3 - "$1" "$2" >list.json <<'PYTHON'
import json
import sys

pods = [
    {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": f"pod-{number}", "namespace": "default"},
        "spec": {"containers": [{"name": "c", "image": "none.invalid/none"}]},
    }
    for number in range(int(sys.argv[1]), int(sys.argv[2]) + 1)
]
print(json.dumps({"apiVersion": "v1", "kind": "List", "items": pods}))
PYTHON
    timeout 300 kubectl create -f list.json >/dev/null
}

cat >told.py <<'PYTHON'
import itertools
import json
import sys

told = []
for line in open(sys.argv[1]):
    event = json.loads(line)
    thing = event["object"]
    items = f"({len(thing['items'])})" if "items" in thing else ""
    told.append(f"{event['type']} {thing['kind']}{items}")
print(", ".join(f"{len(list(same))} x {what}" for what, same in itertools.groupby(told)))
PYTHON

round=0
check() {  # check WANTED OPTION...: the events of a watch of all Pods, in which one Pod is then labelled
    local wanted="$1" seen watch
    shift
    round=$((round + 1))
    rm -f events.json
    nice timeout 120 kubectl get pods -A -w --output-watch-events -o json "$@" >events.json 2>errors.txt &
    watch=$!
    within 60 test -s events.json  # the list has been read whole before anything is printed
    timeout 30 kubectl label pod pod-1 --overwrite "round=$round" >/dev/null
    within 60 grep -q MODIFIED events.json
    sleep 2
    kill "$watch"
    wait "$watch" || true
    [[ ! -s errors.txt ]] || { echo "changed: $(cat errors.txt)" >&2; exit 1; }
    seen="$(python3 told.py events.json)"
    [[ "$seen" == "$wanted" ]] || { echo "changed: $seen, not $wanted" >&2; exit 1; }
    echo "$(kubectl get pods -A -o name | wc -l) Pods${*:+, $*}: $seen"
}

kubectl version | tr '\n' ' ' && etcd --version | sed -n 1p
pods 1 499
check "499 x ADDED Pod, 1 x MODIFIED Pod"
pods 500 500
check "500 x ADDED Pod, 1 x MODIFIED Pod"
pods 501 501
check "1 x ADDED PodList(500), 1 x ADDED PodList(1), 1 x MODIFIED Pod"
check "501 x ADDED Pod, 1 x MODIFIED Pod" --chunk-size=0
pods 502 1100
check "2 x ADDED PodList(500), 1 x ADDED PodList(100), 1 x MODIFIED Pod"
check "1100 x ADDED Pod, 1 x MODIFIED Pod" --chunk-size=0
