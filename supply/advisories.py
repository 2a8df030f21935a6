"""What is known against the versions that a lock pins, as pip-audit is told of them by PyPI.

    python -m supply.advisories [LOCK ...]    # requirements.lock by default

Ends with 0 where nothing is known against any of them, and where nobody could be asked, which it says; with 1
where something is known; with 2 where only some could be asked about, or pip-audit failed for another reason.
A package that the index does not tell of is not taken for one without advisories, as pip-audit itself does.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import msgspec

from supply.locks import ROOT

DEFAULT = "requirements.lock"
TIMEOUT = "15"
"""Seconds for one answer."""
NO_NETWORK = ("requests.exceptions.", "urllib3.exceptions.", "ServiceError", "Could not connect", "HTTPError")
"""Words of pip-audit's last lines where an index did not answer, or answered what is none of its answers."""
ADVICE = "run make advisories where the network reaches PyPI's index"


class Vulnerability(msgspec.Struct, frozen=True):
    id: str
    fix_versions: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()


class Dependency(msgspec.Struct, frozen=True):
    """``skip_reason``: it was not asked about, and why."""

    name: str
    version: str = ""
    skip_reason: str = ""
    vulns: tuple[Vulnerability, ...] = ()


class Report(msgspec.Struct, frozen=True):
    dependencies: tuple[Dependency, ...]


class Answer(NamedTuple):
    code: int
    lines: tuple[str, ...]


def main() -> None:
    codes = [0]
    for lock in sys.argv[1:] or [DEFAULT]:
        answer = judge(lock, *ask(ROOT / lock))
        print(*answer.lines, sep="\n")
        codes.append(answer.code)
    sys.exit(max(codes, key=(0, 2, 1).index))


def ask(lock: Path) -> tuple[str, str]:
    """What pip-audit says on standard output and on standard error."""
    command = [sys.executable, "-m", "pip_audit", "--requirement", str(lock), "--require-hashes"]
    command += ["--disable-pip", "--format", "json", "--progress-spinner", "off", "--timeout", TIMEOUT]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout, done.stderr


def judge(lock: str, said: str, errors: str) -> Answer:
    """pip-audit ends with 1 for a vulnerability and for a failure alike, so that its code tells nothing."""
    try:
        found = msgspec.json.decode(said, type=Report).dependencies
    except msgspec.MsgspecError:
        last = next((line for line in reversed(errors.splitlines()) if line.strip()), "nothing was said")
        if any(word in errors for word in NO_NETWORK):
            return Answer(
                0, (f"advisories: NOT CHECKED: {lock}: no network, or no answer: {last[:200]}", ADVICE)
            )
        return Answer(2, (f"advisories: {lock}: pip-audit failed: {last[:200]}",))
    known = tuple(
        f"{one.name} {one.version}: {', '.join((each.id, *each.aliases))}; "
        f"fixed in {', '.join(each.fix_versions) or 'no version yet'}"
        for one in found
        for each in one.vulns
    )
    skipped = [one.name for one in found if one.skip_reason]
    if known:
        return Answer(1, (f"advisories: {lock}: {len(known)} known", *known))
    if len(skipped) == len(found):
        return Answer(0, (f"advisories: NOT CHECKED: {lock}: the index tells of none of them", ADVICE))
    if skipped:
        return Answer(2, (f"advisories: {lock}: not told of {', '.join(skipped)}; nothing of the others",))
    return Answer(0, (f"advisories: {lock}: nothing is known against {len(found)} packages",))


if __name__ == "__main__":
    main()
