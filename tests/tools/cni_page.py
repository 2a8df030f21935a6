"""Writes docs/cni.md of the profiles themselves: ``python -m tests.tools.cni_page``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from flowcheck.engines import signs
from flowcheck.engines.table import PROFILES
from flowcheck.model.engines import SWITCHES, Switch

PAGE = Path(__file__).parent.parent.parent / "docs" / "cni.md"

HEAD = """\
# Who enforces policies

Kubernetes' APIs leave questions open, and network plugins answer some that they do not leave open
otherwise. A *profile* holds one implementation's answers. `--cni auto` takes the profile that the
cluster's own objects tell; `--cni NAME` takes that one; each *switch* below is an option of its own
beside it, on the command line, in Python (`cni="cilium", rule_types="listed"`), in the file of `--config`
and in the environment. The report, the summary (`options`, `engine`) and `explain` say which were taken,
and why.

Policies are first rewritten as the engine enforces them, then judged like any others. Those in the
language of another engine are left out, with a warning: two engines in one cluster are named, and which
one was taken.

Under `flannel`, and wherever `--enforced no` is said, policies are judged, but nothing enforces them:
what they deny and went through is expected, and no violation. The report counts it.
"""

MADE_SO = """\
## How a profile is recognised

By the first of these that tells of a plugin that enforces policies. A plugin that may only give pods
their addresses ({only}) gives way to one that enforces.

1. DaemonSets, and the pods they own: {agents}.
2. ConfigMaps: {maps}.
3. Objects of these API groups, then their CustomResourceDefinitions: {groups}; and {ranges}.

Flannel's DaemonSet must be among the inputs, since a policy controller may run in its pods; where it is
not, or one of {others} runs, policies are taken to be enforced as Kubernetes' API says. Of DaemonSets
these flags and variables are read: `--enable-network-policy`, `NETWORK_POLICY_ENFORCING_MODE` (aws-node),
`--host-network-namespace`, `OVN_HOST_NETWORK_NAMESPACE` (ovnkube-node).
"""

FOUND_SO = """\
## Where the answers are from

*run*: the implementation's own code judged random worlds, and what differed from flowcheck was shrunk to
its cause; 512,175 checks for Cilium, Calico and kube-network-policies, and 832,633 more without a
difference once these causes were taken out; or it judged a case made for the question. *read*: in its
source, which for Antrea, OVN-Kubernetes and AWS was a newer one than the version named, and was never
run: where an answer matters there, try it, and set the switch. Bold: what differs from Kubernetes' API.
"""


def page() -> str:
    return "\n".join([HEAD, *_answers(), MADE_SO.format(**_names()), FOUND_SO, *_sources(), *_notes()])


def _answers() -> Iterator[str]:
    yield "## Switches"
    yield ""
    yield "| switch | " + " | ".join(one.name for one in PROFILES.values()) + " |"
    yield "|---" * (len(PROFILES) + 1) + "|"
    yield "| *version* | " + " | ".join(one.version for one in PROFILES.values()) + " |"
    for switch in SWITCHES:
        yield f"| `{switch.option}` | " + " | ".join(_answer(switch, name) for name in PROFILES) + " |"
    yield ""
    for switch in SWITCHES:
        values = ", ".join(f"`{value}`" for value in switch.values) or "a namespace's name"
        yield f"- `{switch.option}` ({values}): {switch.help}"
    yield ""


def _answer(switch: Switch, name: str) -> str:
    value = PROFILES[name].settings[switch.name].value
    shown = value or "none"
    return shown if value == PROFILES["kubernetes"].settings[switch.name].value else f"**{shown}**"


def _sources() -> Iterator[str]:
    for profile in PROFILES.values():
        yield f"### {profile.title} {profile.version}"
        yield ""
        yield "| switch | answer | source |"
        yield "|---|---|---|"
        for switch in SWITCHES:
            source = profile.settings[switch.name].source.replace("|", "\\|")
            yield f"| `{switch.option}` | {_answer(switch, profile.name)} | {source} |"
        yield ""


def _notes() -> Iterator[str]:
    yield "## What no switch says"
    yield ""
    yield "- All of them ask policies of the backend that a Service chose, but for what is said of AWS."
    yield "  There is no switch to ask them of the Service's own address, as it could not be answered. A log"
    yield "  that was recorded behind the translation, as most are, does not tell whether the client dialled"
    yield "  the Service or the pod: of nearly every pod behind a Service either may have been asked, so that"
    yield "  nearly all that goes to them would be unknown. And what a selector takes before the translation"
    yield "  (no address of a Service, or those of Services that select the same pods) differs between"
    yield "  implementations."
    for profile in PROFILES.values():
        for note in (*profile.remarks, *profile.notes):
            yield f"- {profile.title}: {note}"
    yield ""


def _names() -> dict[str, str]:
    def listed(names: dict[str, str]) -> str:
        return ", ".join(f"`{name}` ({cni})" for name, cni in names.items())

    return {
        "only": ", ".join(signs.ONLY_ADDRESSES),
        "agents": listed(signs.AGENTS),
        "maps": listed(signs.CONFIG_MAPS),
        "groups": listed(signs.GROUPS),
        "ranges": listed(signs.RANGES),
        "others": ", ".join(f"`{name}`" for name in signs.OTHERS),
    }


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
