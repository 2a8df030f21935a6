"""The bill of materials holds what the lock pins, and says the same of the same."""

from __future__ import annotations

import json
from typing import Any

import pytest

from supply.bill import bill
from supply.locks import ROOT, read_lock

PINS = read_lock(ROOT / "requirements.lock")
WHEEL = "0" * 64


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(bill(PINS, "1.2", WHEEL))
    return found


def test_it_holds_every_pin_with_all_its_hashes(told: dict[str, Any]) -> None:
    assert (told["bomFormat"], told["specVersion"]) == ("CycloneDX", "1.6")
    found = {}
    for part in told["components"]:
        (files,) = part["externalReferences"]
        hashes = {(each["alg"], each["content"]) for each in files["hashes"]}
        found[part["name"]] = part["version"], part["purl"], hashes
    assert found == {
        pin.name: (
            pin.version,
            f"pkg:pypi/{pin.name}@{pin.version}",
            {("SHA-256", sha256) for sha256 in pin.hashes},
        )
        for pin in PINS
    }


def test_flowcheck_is_what_it_is_of(told: dict[str, Any]) -> None:
    own = told["metadata"]["component"]
    assert (own["name"], own["version"]) == ("flowcheck", "1.2")
    assert own["purl"] == f"pkg:generic/flowcheck@1.2?checksum=sha256:{WHEEL}"
    assert own["hashes"] == [{"alg": "SHA-256", "content": WHEEL}]


def test_who_needs_whom(told: dict[str, Any]) -> None:
    needs = {one["ref"].split("@")[0]: one.get("dependsOn", []) for one in told["dependencies"]}
    names = {name: {each.split("/")[1].split("@")[0] for each in those} for name, those in needs.items()}
    assert names["flowcheck"] == {
        "click",
        "jinja2",
        "markupsafe",
        "msgspec",
        "numba",
        "numpy",
        "pyarrow",
        "pyyaml",
        "rich",
    }
    assert names["pkg:pypi/numba"] == {"llvmlite", "numpy"}
    assert set().union(*names.values()) == {pin.name for pin in PINS}


def test_the_same_makes_the_same_bytes_and_a_change_another_serial_number(told: dict[str, Any]) -> None:
    again = bill(PINS[::-1], "1.2", WHEEL)
    assert again == bill(PINS, "1.2", WHEEL)
    others = [bill(PINS[1:], "1.2", WHEEL), bill(PINS, "1.3", WHEEL), bill(PINS, "1.2", "1" * 64)]
    numbers = {json.loads(text)["serialNumber"] for text in (again, *others)}
    assert len(numbers) == 4
    assert "timestamp" not in json.dumps(told)


def test_a_bill_that_breaks_the_schema_is_not_written() -> None:
    broken = [PINS[0]._replace(hashes=("no hash",))]
    with pytest.raises(ValueError, match="does not follow CycloneDX's schema"):
        bill(broken, "1.2", WHEEL)
