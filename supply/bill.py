"""The software bill of materials: CycloneDX 1.6, of flowcheck and what its lock pins.

    python -m supply.bill FOLDER    # reads the wheel there, writes flowcheck-VERSION.cdx.json beside it

It says nothing of when or where it was made: the same lock and wheel make the same bytes. Its serial number
is made from its content. Each package has the hashes of all files of its version that pip may take.
"""

from __future__ import annotations

import json
import sys
import uuid
from collections.abc import Sequence
from pathlib import Path

from cyclonedx.model import ExternalReference, ExternalReferenceType, HashAlgorithm, HashType, XsUri
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import DisjunctiveLicense
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

from flowcheck.version import __version__
from supply.locks import ROOT, Pin, read_lock
from supply.wheel import sha256_of, wheel_in

NAME = "flowcheck"
NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "urn:flowcheck:bill")


def main() -> None:
    folder = Path(sys.argv[1])
    text = bill(read_lock(ROOT / "requirements.lock"), __version__, sha256_of(wheel_in(folder)))
    path = folder / f"{NAME}-{__version__}.cdx.json"
    path.write_text(text, encoding="utf-8")
    print(f"{path}: CycloneDX 1.6, held against its schema")


def bill(pins: Sequence[Pin], version: str, wheel_sha256: str) -> str:
    """JSON text.

    **Raises**: ValueError where it does not follow CycloneDX's schema.
    """
    own = Component(
        name=NAME,
        version=version,
        type=ComponentType.APPLICATION,
        bom_ref=NAME,
        purl=PackageURL("generic", None, NAME, version, {"checksum": f"sha256:{wheel_sha256}"}),
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=wheel_sha256)],
        licenses=[DisjunctiveLicense(id="Apache-2.0")],
    )
    parts = {pin.name: _component(pin) for pin in pins}
    bom = Bom(components=parts.values())
    bom.metadata.component = own
    needed_by = {NAME: own, **parts}
    for name, part in needed_by.items():
        bom.register_dependency(part, [parts[pin.name] for pin in pins if name in pin.via])
    document = json.loads(JsonV1Dot6(bom).output_as_string())
    del document["metadata"]["timestamp"], document["serialNumber"]
    content = json.dumps(document, sort_keys=True)
    document["serialNumber"] = uuid.uuid5(NAMESPACE, content).urn
    text = json.dumps(document, indent=2, sort_keys=True) + "\n"
    fault = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    if fault is not None:
        raise ValueError(f"the bill does not follow CycloneDX's schema: {fault}")
    return text


def _component(pin: Pin) -> Component:
    purl = PackageURL("pypi", None, pin.name, pin.version)
    files = ExternalReference(
        type=ExternalReferenceType.DISTRIBUTION,
        url=XsUri(purl.to_string()),
        comment="the files of this version, each by its hash",
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=sha256) for sha256 in pin.hashes],
    )
    return Component(
        name=pin.name,
        version=pin.version,
        type=ComponentType.LIBRARY,
        bom_ref=purl.to_string(),
        purl=purl,
        external_references=[files],
    )


if __name__ == "__main__":
    main()
