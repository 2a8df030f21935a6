"""The records an audit hands out: what stands in findings.json, ledger.json and summary.json.

They are a promise to other people's scripts, so they are built on purpose and numbered (``SCHEMA``).
Times are RFC 3339 texts in UTC, sizes are bytes, every count is an exact integer.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from flowcheck.model.verdict import Violation

SCHEMA = 1


class Finding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Violations that share kind, direction, workloads, port, protocol and deciding policies.

    ``source`` and ``destination`` are ``ns/kind/name`` of a workload, ``Node/name``, or an address block.
    ``observed`` is ``unknown`` for those alone of which the log does not say whether they went through.
    ``change`` names what to change where it should be allowed: rules that deny, and policies that are for
    these pods and no others. ``note`` says what may explain it; either is left out where there is nothing to
    say. ``bytes`` is None where no row of the log has any. ``fingerprint`` is stable across runs. ``example``
    is one violating row: ``file`` and ``row`` (0-based).
    """

    fingerprint: str
    kind: str
    direction: str
    source: str
    destination: str
    port: int | None
    protocol: str
    observed: str
    policies: tuple[str, ...]
    policy_sources: tuple[str, ...]
    records: int
    flows: int
    bytes: int | None
    first_seen: str
    last_seen: str
    example: Example
    change: tuple[str, ...] = ()
    note: str = ""

    @property
    def is_told(self) -> bool:
        """Whether the log says what became of it."""
        return self.observed != "unknown"

    @property
    def group(self) -> int:
        """0: it went through though denied, 1: it may have, 2: it was dropped though allowed."""
        if self.kind != Violation.FORWARDED_DENIED:
            return 2
        return 0 if self.is_told else 1


class Example(msgspec.Struct, frozen=True, kw_only=True):
    """The first violating row of a finding, in input order."""

    file: str
    row: int
    src: str
    dst: str
    src_ip: str | None
    dst_ip: str | None


class Rejected(msgspec.Struct, frozen=True, kw_only=True):
    """Rows that could not be judged for one reason, with the first ten of their positions."""

    reason: str
    rows: int
    first_rows: tuple[int, ...]


class FileEntry(msgspec.Struct, frozen=True, kw_only=True):
    """What happened to one input file.

    ``status``: judged, failed or skipped. ``rows_declared`` is None where the footer could not be read.
    A judged file: rows_declared = judged + unknown + rejected + filtered.
    """

    file: str
    status: str
    bytes: int
    reason: str = ""
    detail: str = ""
    rows_declared: int | None = None
    rows_judged: int = 0
    rows_unknown: int = 0
    rows_rejected: int = 0
    rows_filtered: int = 0
    rejected: tuple[Rejected, ...] = ()
    sha256: str | None = None
    warnings: tuple[str, ...] = ()


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """Rows and files of a whole run. ``filtered`` rows lay outside --since, --until or --namespace."""

    files_seen: int
    files_judged: int
    files_failed: int
    files_skipped: int
    rows_declared: int
    rows_judged: int
    rows_unknown: int
    rows_rejected: int
    rows_filtered: int
    rows_in_failed_files: int


class Ledger(msgspec.Struct, frozen=True, kw_only=True):
    """Every file and every row accounted for. The run itself checks the sums (a mismatch is a bug)."""

    schema: int
    version: str
    program: str
    cluster_inputs: dict[str, str]
    totals: Totals
    files: tuple[FileEntry, ...]


class VerdictCounts(msgspec.Struct, frozen=True, kw_only=True):
    """Records by verdict; ``unknown_by_reason`` sums to ``unknown``.

    ``by_default``: those of ``allow`` that no policy selects an end of. ``not_applicable``: those between
    ends that policies do not reach (nodes, addresses outside).
    """

    allow: int
    deny: int
    unknown: int
    not_applicable: int
    unknown_by_reason: dict[str, int]
    by_default: int = 0


class ClusterCounts(msgspec.Struct, frozen=True, kw_only=True):
    """What the cluster held, and what was read but took no part, by kind.

    ``other_policies`` are those in languages that are not evaluated, as ``kind (language)``. ``refused``
    names the documents that were left out for their problems, each with its place and problem.
    ``pod_ranges`` are the CIDRs that pods get their addresses from, each with what tells so.
    ``known_until``: the last snapshot (RFC 3339), where nothing tells of policies after it.
    """

    namespaces: int
    nodes: int
    pods: int
    workloads_without_pods: int
    services: int
    policies: int
    rules: int
    skipped_kinds: dict[str, int]
    other_policies: dict[str, int] = {}
    warnings: tuple[str, ...]
    refused: tuple[str, ...] = ()
    pod_ranges: dict[str, str] = {}
    known_until: str | None = None


class ProgramCounts(msgspec.Struct, frozen=True, kw_only=True):
    """The size of the compiled form: endpoints, compiled rows, classes, decisions, table bytes.

    ``epochs``: stretches of time with other policies; ``timed_addresses``: those whose owner depends on the
    time.
    """

    endpoints: int
    rows: int
    epochs: int
    timed_addresses: int
    ingress_subject_classes: int
    ingress_peer_classes: int
    egress_subject_classes: int
    egress_peer_classes: int
    port_classes: int
    decisions: int
    table_bytes: int


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """Rows, connections and bytes; the several reports of one connection count once but for ``records``."""

    records: int
    flows: int
    bytes: int


NO_SHARE = Share(records=0, flows=0, bytes=0)


class Attribution(msgspec.Struct, frozen=True, kw_only=True):
    """How surely it is known whose flows these were.

    ``resolved``: both ends are known to be who they are; ``inferred``: likely (between two snapshots, or next
    to a change); ``outside``: neither is in the cluster, so that no policy of it applies; ``ambiguous``:
    several had an address; ``unresolved``: nobody known had it;
    ``unknown_initiator``: which end opened the connection. ``initiators``: rows by how that was found.
    ``replies_turned``: rows that were replies, judged as their connection. ``disagreements``: rows whose
    recorded pod is not who had the recorded address. ``observers``: who reported, as far as the log says.
    """

    resolved: Share
    inferred: Share
    ambiguous: Share
    unresolved: Share
    unknown_initiator: Share
    repeated_records: int
    replies_turned: int
    initiators: dict[str, int]
    disagreements: int
    observers: int
    hours_seen: int
    hours_spanned: int
    sampled_records: int
    outside: Share = NO_SHARE


class Violations(msgspec.Struct, frozen=True, kw_only=True):
    """Violating records by kind, and how many findings they make.

    ``observed_unknown``: those of ``forwarded_denied`` of which the log does not say if they went through.
    """

    forwarded_denied: int
    dropped_allowed: int
    findings: int
    observed_unknown: int = 0

    @property
    def records(self) -> int:
        return self.forwarded_denied + self.dropped_allowed


class Nothing(msgspec.Struct, frozen=True, kw_only=True):
    """Why a run has no answer: what was not done, a word and a sentence for it, and what would help."""

    done: Literal["judged", "counted"]
    reason: str
    why: str
    advice: str

    @property
    def headline(self) -> str:
        return f"nothing was {self.done}: {self.why}"

    def __str__(self) -> str:
        return f"{self.headline} ({self.advice})"


class Resumed(msgspec.Struct, frozen=True, kw_only=True):
    """What ``--resume`` took over from an interrupted run."""

    files: int
    rows: int


class Timings(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds, monotonic: reading and compiling the cluster, judging, merging and writing."""

    load: float
    compile: float
    judge: float
    write: float


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """One audit in numbers.

    ``coverage`` is the share, in percent, of the rows that were asked for that are allowed or denied; those
    that policies do not reach (not_applicable) are left out of it. ``first_seen``/``last_seen`` span the
    judged rows (None without any). ``complete`` is false when a file failed, a row was rejected beyond what
    was tolerated, coverage is below the asked minimum, or there is no answer, of which ``nothing`` tells.
    ``load`` counts service ports by state. ``rows_per_second`` is of ``timings.judge``. ``resumed`` is None
    where nothing was to be taken over, ``bytes`` where no row has any.
    """

    schema: int
    version: str
    started_at: str
    program: str
    options: dict[str, str]
    complete: bool
    incomplete_because: tuple[str, ...]
    coverage: float
    attribution: Attribution
    totals: Totals
    verdicts: VerdictCounts
    observed: dict[str, int]
    flows: int
    bytes: int | None
    first_seen: str | None
    last_seen: str | None
    violations: Violations
    load: dict[str, int]
    unused_rules: int
    cluster: ClusterCounts
    compiled: ProgramCounts
    timings: Timings
    rows_per_second: float
    versions: dict[str, str]
    nothing: Nothing | None = None
    resumed: Resumed | None = None
