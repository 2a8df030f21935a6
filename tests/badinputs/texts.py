"""Texts that are no YAML and no JSON, or more of it than there may be, and what is packed and cut off.

Budgets are passed by a little, so that it is our own refusal that is met, in no reader's weak place.
"""

from __future__ import annotations

import gzip
import json
import lzma
import random
from collections.abc import Iterator
from typing import Any

from tests.badinputs import good
from tests.badinputs.inputs import BadInput, as_text, files, manifests

SEED = 9
DEEP = 65
"""One more than may be."""

POLICY = as_text("a.yaml", good.NETWORK_POLICY)
JSON = as_text("a.json", good.NETWORK_POLICY)
SECOND = POLICY.replace("name: np", "name: second")
N_LINES = POLICY.count("\n")
HEAD = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: a, namespace: shop}\n"


def _aliases(levels: int, width: int) -> str:
    """Lists of lists: ``width`` to the power of ``levels`` nodes, of which few are written."""
    lines = ["  a0: &a0 [" + ", ".join("1" * width) + "]"]
    lines += [f"  a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * width)}]" for n in range(1, levels)]
    return f"{HEAD}spec:\n" + "\n".join(lines) + "\n"


def _with(spec: str) -> str:
    return f"{HEAD}spec: {spec}\n"


YAML = (
    ("a list that is not closed", _with("{ingress: [{"), r"HERE/a\.yaml:4: .*is not YAML"),
    (
        "a quote that is not closed",
        _with("{podSelector: {matchLabels: {a: 'b}}}"),
        r"HERE/a\.yaml:\d: .*is not YAML",
    ),
    (
        "a tab for an indent",
        f"{HEAD}spec:\n\tpodSelector: {{}}\n",
        r"HERE/a\.yaml:5: .*is not YAML.*spaces, not tabs",
    ),
    ("a key that begins nothing", f"{HEAD}spec\n", r"HERE/a\.yaml:\d: .*is not YAML"),
    ("a colon too many", f"{HEAD}spec: podSelector: {{}}\n", r"HERE/a\.yaml:4: .*is not YAML"),
    (
        "an entry out of line",
        f"{HEAD}spec:\n  ingress:\n   - {{}}\n  - {{}}\n",
        r"HERE/a\.yaml:\d: .*is not YAML",
    ),
    (
        "an unknown escape",
        _with('{podSelector: {matchLabels: {a: "\\q"}}}'),
        r"HERE/a\.yaml:4: .*is not YAML",
    ),
    (
        "a control character",
        _with("{podSelector: {matchLabels: {a: \x01}}}"),
        r"HERE/a\.yaml:\d: .*is not YAML",
    ),
    (
        "a byte that is not UTF-8",
        f"{HEAD}spec: {{}} # ".encode() + b"\xff\n",
        r"HERE/a\.yaml:4: .*is not UTF-8",
    ),
    (
        "UTF-16 of half a character",
        b"\xff\xfe" + HEAD.encode("utf-16-le")[:-1],
        r"HERE/a\.yaml:\d: .*is not UTF-16",
    ),
    (
        "UTF-32 of half a character",
        b"\xff\xfe\0\0" + HEAD.encode("utf-32-le")[:-1],
        r"HERE/a\.yaml:\d: .*is not UTF-32",
    ),
    (
        "lists, 65 deep",
        _with("{x: " + "[" * DEEP + "]" * DEEP + "}"),
        r"HERE/a\.yaml:4: .*nested deeper than 64",
    ),
    (
        "mappings, 65 deep",
        _with("{x: " + "{a: " * DEEP + "1" + "}" * DEEP + "}"),
        r"HERE/a\.yaml:4: .*nested deeper than 64",
    ),
    (
        "blocks, 65 deep",
        HEAD + "spec:\n" + "".join(f"{' ' * n}a:\n" for n in range(1, DEEP + 1)),
        r"HERE/a\.yaml:\d+: .*nested deeper than 64",
    ),
    ("an alias that grows a little past tenfold", _aliases(3, 7), r"HERE/a\.yaml:\d+: .*more than 10 times"),
    ("aliases of a little past 100,000 nodes", _aliases(6, 8), r"HERE/a\.yaml:\d+: .*100000 nodes"),
    (
        "an alias of nothing",
        _with("{podSelector: *nowhere}"),
        r"HERE/a\.yaml:4: .*an anchor that stands nowhere",
    ),
    ("an alias in its own anchor", _with("&a {x: *a}"), r"HERE/a\.yaml:4: .*an alias to what it is part of"),
    (
        "an anchor of the document before",
        f"{HEAD}spec: &s {{}}\n---\n{HEAD}spec: *s\n",
        r"HERE/a\.yaml:9: .*stands nowhere before",
    ),
    ("a merge of text", _with("{<<: text}"), r"HERE/a\.yaml:4: .*merge key"),
    ("a merge of a list of lists", _with("{<<: [[{}]]}"), r"HERE/a\.yaml:4: .*merge key"),
    ("a tag of Python's", _with("!!python/object:os.system {}"), r"HERE/a\.yaml:4: .*YAML tag"),
    ("a tag of a set", _with("{podSelector: !!set {a, b}}"), r"HERE/a\.yaml:4: .*YAML tag"),
    (
        "a tag of bytes",
        _with("{podSelector: {matchLabels: {a: !!binary aGk=}}}"),
        r"HERE/a\.yaml:4: .*YAML tag",
    ),
    ("a tag of one's own", f"!mine\n{HEAD}", r"HERE/a\.yaml:\d: .*YAML tag"),
    ("a key that is a list", _with("{[a, b]: c}"), r"HERE/a\.yaml:4: .*key that is a list"),
    ("a key that is a number", _with("{80: c}"), r"HERE/a\.yaml:4 spec: .*`80` is not text"),
    (
        "a key twice in a block",
        f"{POLICY}  podSelector: {{}}\n",
        rf"HERE/a\.yaml:{N_LINES + 1}: .*`podSelector` twice",
    ),
    (
        "a key twice in other quotes",
        _with('{"podSelector": {}, podSelector: {}}'),
        r"HERE/a\.yaml:4: .*`podSelector` twice",
    ),
    ("two specs", f"{POLICY}spec: {{}}\n", rf"HERE/a\.yaml:{N_LINES + 1}: .*`spec` twice"),
    ("two policies without a line between", f"{POLICY}{SECOND}", r"HERE/a\.yaml:\d+: .*twice.*write ---"),
    (
        "two policies with a short line between",
        f"{POLICY}--\n{SECOND}",
        r"HERE/a\.yaml:\d+: .*separates nothing: write ---",
    ),
    (
        "a broken one in the middle",
        f"{POLICY}---\nkind: [\n---\n{SECOND}",
        rf"HERE/a\.yaml:{N_LINES + 2}: .*is not YAML",
    ),
    (
        "a broken one at the end",
        f"{POLICY}---\n{HEAD}spec: }}\n",
        rf"HERE/a\.yaml:{N_LINES + 5}: .*is not YAML",
    ),
    (
        "a port that is a truth value",
        _with("{ingress: [{ports: [{port: on}]}]}"),
        r"HERE/a\.yaml:4 spec\.ingress\[0\]\.ports\[0\]\.port",
    ),
    (
        "a port in base 60",
        _with("{ingress: [{ports: [{port: 1:20}]}]}"),
        r"HERE/a\.yaml:4 spec\.ingress\[0\]\.ports\[0\]\.port",
    ),
    (
        "a port with a zero before it",
        _with("{ingress: [{ports: [{port: 0120}]}]}"),
        r"HERE/a\.yaml:4 spec\.ingress\[0\]\.ports\[0\]\.port",
    ),
    (
        "a port of 63 digits",
        _with("{ingress: [{ports: [{port: " + "9" * 63 + "}]}]}"),
        r"HERE/a\.yaml:4 spec\.ingress\[0\]\.ports\[0\]\.port.*from 1 to",
    ),
    (
        "a port of 65 digits",
        _with("{ingress: [{ports: [{port: " + "9" * 65 + "}]}]}"),
        r"HERE/a\.yaml:4 spec\.ingress\[0\]\.ports\[0\]\.port",
    ),
    (
        "a port that is no number",
        _with("{ingress: [{ports: [{port: .nan}]}]}"),
        r"HERE/a\.yaml:4 spec\.ingress\[0\]\.ports\[0\]\.port.*whole number",
    ),
    (
        "an order without end",
        "apiVersion: projectcalico.org/v3\nkind: Tier\nmetadata: {name: t}\nspec: {order: .inf}\n",
        r"HERE/a\.yaml:4 spec\.order",
    ),
    (
        "an order that is no number",
        "apiVersion: projectcalico.org/v3\nkind: GlobalNetworkPolicy\n"
        "metadata: {name: t}\nspec: {order: .nan}\n",
        r"HERE/a\.yaml:4 spec\.order",
    ),
    (
        "a label that is a truth value",
        _with("{podSelector: {matchLabels: {a: no}}}"),
        r"HERE/a\.yaml:4 spec\.podSelector\.matchLabels\.a: .*truth value",
    ),
    (
        "a label that is a number",
        _with("{podSelector: {matchLabels: {a: 1.20}}}"),
        r"HERE/a\.yaml:4 spec\.podSelector\.matchLabels\.a: .*in quotes",
    ),
    ("a template of Helm's", f"{HEAD}spec: {{{{ .Values.spec }}}}\n", r"HERE/a\.yaml:\d.*Helm template"),
    (
        "a template of another program",
        f"{HEAD}spec: <% spec %>\n{{% if a %}}\n",
        r"HERE/a\.yaml:\d.*template of another program",
    ),
    (
        "a placeholder of a shell",
        HEAD.replace("name: a", "name: $(NAME)") + "spec: {}\n",
        r"HERE/a\.yaml:3 metadata\.name.*template",
    ),
    (
        "a name of a few thousand escapes",
        HEAD.replace("name: a", 'name: "' + "\\e" * 3000 + '"'),
        r"HERE/a\.yaml:3 metadata\.name: .*is not a name",
    ),
    ("a spec and no more", "spec: {podSelector: {}, policyTypes: [Ingress]}\n", r"HERE/a\.yaml:1: .*has no"),
    (
        "a kind of another case",
        POLICY.replace("NetworkPolicy", "networkpolicy"),
        r"HERE/a\.yaml:\d kind: .*NetworkPolicy",
    ),
    (
        "a version that there is not",
        POLICY.replace("k8s.io/v1", "k8s.io/v7"),
        r"HERE/a\.yaml:1 apiVersion: .*not read",
    ),
    (
        "a list whose items are text",
        "apiVersion: v1\nkind: List\nitems: [a, b]\n",
        r"HERE/a\.yaml:3: .*not a Kubernetes object",
    ),
    (
        "lists in lists, nine deep",
        "{apiVersion: v1, kind: List, items: [" * 9 + "]}" * 9,
        r"HERE/a\.yaml:1: .*List whose items",
    ),
)

_SPELT = json.dumps(good.NETWORK_POLICY)

JSON_TEXTS = (
    ("a comma at the end", JSON.rstrip()[:-1] + ",}", r"HERE/a\.json:\d+: .*"),
    ("a comment", JSON.replace("{", "{ // a policy\n", 1), r"HERE/a\.json:\d+: .*"),
    ("quotes of the other kind", _SPELT.replace('"', "'"), r"HERE/a\.json:1: .*"),
    ("a number without end", _SPELT.replace("5432", "1e999"), r"HERE/a\.json:1.*"),
    ("a number that is none", _SPELT.replace("5432", "NaN"), r"HERE/a\.json:1.*"),
    ("a zero before a number", _SPELT.replace("5432", "05432"), r"HERE/a\.json:1.*"),
    ("half of a pair of surrogates", _SPELT.replace('"np"', '"\\ud800"'), r"HERE/a\.json:1.*"),
    ("a byte that is not UTF-8", _SPELT.encode().replace(b'"np"', b'"\xff"'), r"HERE/a\.json:1.*"),
    ("a control character in text", _SPELT.replace('"np"', '"n\x07p"'), r"HERE/a\.json:1.*"),
    (
        "a key twice by its escape",
        _SPELT.replace('"spec":', '"\\u0073pec": {}, "spec":'),
        r"HERE/a\.json:1.*`spec` twice",
    ),
    (
        "a key twice far inside",
        _SPELT.replace('"port": 5432', '"port": 80, "port": 5432'),
        r"HERE/a\.json:1.*`port` twice",
    ),
    (
        "a list of policies and no List",
        json.dumps([good.NETWORK_POLICY]),
        r"HERE/a\.json:1: .*write kind: List",
    ),
    (
        "items that are a mapping",
        '{"apiVersion": "v1", "kind": "List", "items": {"a": 1}}',
        r"HERE/a\.json:1: .*items are not a list",
    ),
    ("two documents, the second broken", f"{_SPELT}\n{{", r"HERE/a\.json:2: .*"),
    ("text after it", f"{_SPELT}\nthe end", r"HERE/a\.json:2: .*"),
    (
        "an order of 400 digits",
        json.dumps(good.CALICO).replace('"order": 10,', f'"order": {"9" * 400},'),
        r"HERE/a\.json:1 spec\.order: .*no finite one",
    ),
    (
        "a priority of 400 digits",
        json.dumps(good.ADMIN).replace('"priority": 5', f'"priority": {"9" * 400}'),
        r"HERE/a\.json:1 spec\.priority: .*from 0 to",
    ),
    (
        "a port of 400 digits in a Pod",
        json.dumps(good.POD).replace(": 80,", f": {'9' * 400},"),
        r"HERE/a\.json:1 spec\.containers",
    ),
    ("a port of 5,000 digits", _SPELT.replace("5432", "9" * 5000), r"HERE/a\.json:1"),
)


def _cut() -> Iterator[tuple[str, str, str | bytes, str]]:
    """Files that end too early, at places that a seed picks."""
    dice = random.Random(SEED)
    for number in range(6):
        text = _SPELT[: dice.randrange(20, len(_SPELT) - 2)]
        yield f"JSON cut off, {number}", "a.json", text, r"HERE/a\.json:1: .*(cut off|truncated)"
    for name, pack in (("gz", gzip.compress), ("xz", lzma.compress)):
        packed = pack(POLICY.encode() * 20)
        half = packed[: len(packed) // 2]
        broken = bytearray(packed)
        broken[len(packed) // 2] ^= 0xFF
        yield f"{name} cut off", f"a.yaml.{name}", half, rf"HERE/a\.yaml\.{name}: .*(cut off|damaged)"
        yield (
            f"{name} with a wrong byte",
            f"a.yaml.{name}",
            bytes(broken),
            rf"HERE/a\.yaml\.{name}: .*(damaged|cut off)",
        )
        yield f"{name} of nothing", f"a.yaml.{name}", b"", rf"HERE/a\.yaml\.{name}: .*cut off"


def _watches() -> Iterator[tuple[str, str, str, str]]:
    pod: dict[str, Any] = good.POD
    said = r"HERE/a\.jsonl?:\d+"

    def lines(*events: Any) -> str:
        return "".join(json.dumps(event) + "\n" for event in events)

    entry = {
        "kind": "Event",
        "apiVersion": "audit.k8s.io/v1",
        "stage": "ResponseComplete",
        "verb": "create",
        "objectRef": {"resource": "pods", "namespace": "shop", "name": "front", "apiVersion": "v1"},
        "responseStatus": {"code": 201},
        "stageTimestamp": "2026-11-01T12:00:00Z",
        "responseObject": pod,
    }
    yield (
        "a watch: an event of no type",
        "a.json",
        lines({"type": "CHANGED", "object": pod}),
        f"{said}: .*no known type",
    )
    yield (
        "a watch: a type that is a number",
        "a.json",
        lines({"type": 7, "object": pod}),
        f"{said}: .*no known type",
    )
    yield (
        "a watch: a time that is none",
        "a.json",
        lines({"type": "ADDED", "object": pod, "time": "noon"}),
        f"{said}.*time",
    )
    yield (
        "a watch: a time before 1970",
        "a.json",
        lines({"type": "ADDED", "object": pod, "time": -1}),
        f"{said}.*time",
    )
    yield (
        "a watch: a time past the calendar",
        "a.json",
        lines({"type": "ADDED", "object": pod, "time": 10**30}),
        f"{said}.*time",
    )
    yield (
        "a watch: an object of no kind",
        "a.json",
        lines({"type": "ADDED", "object": {"metadata": {"name": "x"}}}),
        f"{said}.*has no",
    )
    yield (
        "an audit log: no time",
        "a.json",
        lines({**entry, "stageTimestamp": None}),
        f"{said}.*stageTimestamp",
    )
    yield (
        "an audit log: a time that is none",
        "a.json",
        lines({**entry, "stageTimestamp": "noon"}),
        f"{said}.*time",
    )
    yield (
        "an audit log: a code that is text",
        "a.json",
        lines({**entry, "responseStatus": {"code": "ok"}}),
        f"{said}.*not an audit entry",
    )
    yield (
        "an audit log: a verb that is a list",
        "a.json",
        lines({**entry, "verb": ["create"]}),
        f"{said}.*not an audit entry",
    )
    yield (
        "an audit log: an object without a name",
        "a.json",
        lines({**entry, "responseObject": {**pod, "metadata": {}}}),
        f"{said}.*metadata.name",
    )


def _rows() -> Iterator[tuple[str, str, str | bytes, str]]:
    for name, text, said in YAML:
        yield f"YAML: {name}", "a.yaml", text, said
    for name, text, said in JSON_TEXTS:
        yield f"JSON: {name}", "a.json", text, said
    yield from _cut()
    yield from _watches()


_NO_OBJECTS = (
    ("JSON: objects, a thousand deep", "a.json", '{"a":' * 1000 + "1" + "}" * 1000),
    ("JSON: a number for an object", "a.json", "7"),
    ("gz in gz", "a.yaml.gz", gzip.compress(gzip.compress(POLICY.encode()))),
    ("xz in gz", "a.yaml.gz", gzip.compress(lzma.compress(POLICY.encode()))),
)
"""What is left out of a folder, with a warning, as it may be anybody's."""

INPUTS: list[BadInput] = [
    *manifests(_rows()),
    *(
        BadInput(
            name,
            files({file: text}),
            ("inventory", "{cluster}", "{here}", "-o", "{out}"),
            0,
            r"^warning: left out, as it holds no Kubernetes objects: HERE/a\.",
        )
        for name, file, text in _NO_OBJECTS
    ),
]
