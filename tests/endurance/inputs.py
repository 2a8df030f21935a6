"""Inputs that may ask much of a run: each function makes flows/ and cluster.yaml in a folder."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

START = 1_772_000_000_000_000
NAMESPACE = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n"
POD = """---
apiVersion: v1
kind: Pod
metadata: {{name: {name}, namespace: shop, labels: {{app: {app}}}}}
spec: {{nodeName: n1, containers: [{{name: c}}]}}
status: {{phase: Running, podIP: {ip}, podIPs: [{{ip: {ip}}}]}}
"""
DENIED = """---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny, namespace: shop}
spec: {podSelector: {}, policyTypes: [Ingress]}
"""


def port_scan(to: Path) -> None:
    """One pod knocks at every port of twenty others: 1,310,700 violating edges."""
    ports = np.arange(1, 65_536)
    target, port = np.repeat(np.arange(20), len(ports)), np.tile(ports, 20)
    _flows(
        to, [_address(0)], np.zeros(len(port), np.int64), [_address(1 + n) for n in range(20)], target, port
    )
    _cluster(to, _pods(21), [DENIED])


def pairs_of_pods(to: Path, n_ports: int) -> None:
    """Each of 300 pods without owners reaches each other at so many ports: 90,000 violating edges a port."""
    pods = np.arange(300)
    source, target, port = (
        axis.ravel() for axis in np.meshgrid(pods, pods, 8000 + np.arange(n_ports), indexing="ij")
    )
    names = [_address(n) for n in pods]
    _flows(to, names, source, names, target, port)
    _cluster(to, _pods(300), [DENIED])


def tiny_files(to: Path, n_files: int) -> None:
    """As many files of one row each."""
    (to / "flows").mkdir(parents=True)
    for number in range(n_files):
        table = _table(
            [_address(0)], np.zeros(1, np.int64), [_address(1)], np.zeros(1, np.int64), np.full(1, 80)
        )
        pq.write_table(table, to / "flows" / f"{number:05}.parquet")
    _cluster(to, _pods(2), [DENIED])


def much_yaml(to: Path, size: int) -> None:
    """Pods of at least ``size`` bytes together, each as long as ``kubectl get -o yaml`` writes one."""
    environment = "".join(f"    - name: VARIABLE_{n}\n      value: {'x' * 60}\n" for n in range(40))
    volumes = "".join(
        f"  - name: volume-{n}\n    configMap: {{name: of-{'y' * 40}-{n}}}\n" for n in range(12)
    )
    more = f"spec:\n  nodeName: n1\n  containers:\n  - name: c\n    env:\n{environment}  volumes:\n{volumes}"
    pods = (pod.replace("spec: {nodeName: n1, containers: [{name: c}]}\n", more) for pod in _pods(1 << 20))
    _one_flow(to)
    _cluster(to, _up_to(size, pods), [DENIED])


def _up_to(size: int, texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        yield text
        size -= len(text)
        if size <= 0:
            return


def many_policies(to: Path, n_policies: int) -> None:
    """So many policies, each of one of a thousand pods."""
    _one_flow(to)
    _cluster(to, _pods(1000), (_policy(n, f"matchLabels: {{app: a{n % 1000}}}") for n in range(n_policies)))


def all_but_one(to: Path, n: int) -> None:
    """So many pods and as many policies, each of all pods but one: every pod has another set of policies."""
    _one_flow(to)
    selectors = (f"matchExpressions: [{{key: app, operator: NotIn, values: [a{k}]}}]" for k in range(n))
    _cluster(to, _pods(n), (_policy(k, selector) for k, selector in enumerate(selectors)))


def _policy(n: int, selector: str) -> str:
    rule = f"- from: [{{podSelector: {{matchLabels: {{app: a0}}}}}}]\n    ports: [{{port: {8000 + n % 50}}}]"
    return (
        "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n"
        f"metadata: {{name: p{n}, namespace: shop}}\n"
        f"spec:\n  podSelector: {{{selector}}}\n  ingress:\n  {rule}\n"
    )


def _address(n: int) -> str:
    return f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}"


def _pods(n_pods: int) -> Iterator[str]:
    for n in range(n_pods):
        yield POD.format(name=f"p{n}", app=f"a{n}", ip=_address(n))


def _cluster(to: Path, pods: Iterable[str], policies: Iterable[str]) -> None:
    with (to / "cluster.yaml").open("w", encoding="utf-8") as file:
        file.write(NAMESPACE)
        file.writelines(pods)
        file.writelines(policies)


def _one_flow(to: Path) -> None:
    (to / "flows").mkdir(parents=True)
    pq.write_table(_one_row(), to / "flows" / "flows.parquet")


def _one_row() -> pa.Table:
    none = np.zeros(1, np.int64)
    return _table([_address(0)], none, [_address(1)], none, np.full(1, 80))


Numbers = npt.NDArray[np.int64]


def _flows(
    to: Path, sources: list[str], source: Numbers, targets: list[str], target: Numbers, port: Numbers
) -> None:
    (to / "flows").mkdir(parents=True)
    table = _table(sources, source, targets, target, port)
    pq.write_table(table, to / "flows" / "flows.parquet", row_group_size=300_000)


def _table(
    sources: list[str], source: Numbers, targets: list[str], target: Numbers, port: Numbers
) -> pa.Table:
    n_rows = len(port)
    columns = {
        "start_time": pa.array(START + np.arange(n_rows) * 100, pa.timestamp("us", "UTC")),
        "src_ip": pa.DictionaryArray.from_arrays(source.astype(np.int32), sources),
        "dst_ip": pa.DictionaryArray.from_arrays(target.astype(np.int32), targets),
        "src_port": pa.array((40_000 + np.arange(n_rows) % 20_000).astype(np.int32)),
        "dst_port": pa.array(port.astype(np.int32)),
        "protocol": pa.array(np.full(n_rows, 6, np.uint8)),
        "action": pa.array(np.ones(n_rows, np.int8)),
        "bytes": pa.array(np.full(n_rows, 60)),
    }
    return pa.table(columns)
