"""The statement of where a wheel comes from: in-toto Statement v1 with SLSA's provenance predicate, v1.

It is **not signed**: whoever can change the wheel can change the statement beside it. It says what to repeat
to get the same bytes, which is what proves it. A signature would come from where releases are built: there
the text is put into a DSSE envelope and signed by that builder's own identity, as ``sigstore attest`` or
``cosign attest-blob`` do; then BUILDER is that builder's name.

Source: in-toto attestation spec/v1/statement.md; slsa.dev/spec/v1.0/provenance.
"""

from __future__ import annotations

import hashlib
import json
import platform
import zlib
from importlib.metadata import version
from pathlib import Path

from supply.locks import LOCKS

STATEMENT, PREDICATE = "https://in-toto.io/Statement/v1", "https://slsa.dev/provenance/v1"
BUILD_TYPE = "urn:flowcheck:build:wheel:1"
"""``make wheel``: the commit's files and the tools of requirements-dev.lock, by ``supply/wheel.py``."""
BUILDER = "urn:flowcheck:builder:whoever-ran-make-wheel"
"""Nobody vouches for it."""


def statement(name: str, sha256: str, commit: str, source: Path) -> str:
    """JSON text for a wheel of these bytes, built of ``source``, which holds the files of ``commit``."""
    locks = [
        {"name": lock, "digest": {"sha256": hashlib.sha256((source / lock).read_bytes()).hexdigest()}}
        for lock in LOCKS
    ]
    tools = {"python": platform.python_version(), "zlib": zlib.ZLIB_RUNTIME_VERSION}
    tools |= {tool: version(tool) for tool in ("build", "hatchling")}
    told = {
        "_type": STATEMENT,
        "subject": [{"name": name, "digest": {"sha256": sha256}}],
        "predicateType": PREDICATE,
        "predicate": {
            "buildDefinition": {
                "buildType": BUILD_TYPE,
                "externalParameters": {"commit": commit, "target": "wheel"},
                "internalParameters": tools,
                "resolvedDependencies": [{"name": "source", "digest": {"gitCommit": commit}}, *locks],
            },
            "runDetails": {"builder": {"id": BUILDER}},
        },
    }
    return json.dumps(told, indent=2, sort_keys=True) + "\n"
