"""What stands in summary.json: one audit in numbers."""

from __future__ import annotations

import msgspec

from flowcheck.outcome import Nothing
from flowcheck.results.records.gate import Gate
from flowcheck.results.records.ledger import LeftUnread, Totals


class VerdictCounts(msgspec.Struct, frozen=True, kw_only=True):
    """Records by verdict; ``unknown_by_reason`` sums to ``unknown``.

    ``by_default``: those of ``allow`` that no policy selects an end of. ``not_applicable``: those between
    ends that policies do not reach (nodes, addresses outside). ``only_named``: those of ``unknown`` with an
    end that nobody is, of which the log gives a name and no address.
    """

    allow: int
    deny: int
    unknown: int
    not_applicable: int
    unknown_by_reason: dict[str, int]
    by_default: int = 0
    only_named: int = 0


class ClusterCounts(msgspec.Struct, frozen=True, kw_only=True):
    """What the cluster held, and what was read but took no part, by kind.

    ``other_policies`` are those in languages that are not evaluated, as ``kind (language)``.
    ``left_out_policies`` are those that the engine does not enforce, by the engine that does;
    ``perhaps_in_force`` says of which of them it is doubtful, with what tells that their engine runs.
    ``refused`` names the documents that were left out for their problems, each with its place and problem.
    ``refused_by_engine``: likewise the policies that the API server took and their engine refuses, so that
    nothing of them is in force. ``pod_ranges`` are the CIDRs that pods get their addresses from, each with
    what tells so. ``known_until``: the last snapshot (RFC 3339), where nothing tells of policies after it.
    ``mesh`` names a service mesh and how it is set, ``mesh_pods`` counts whom it carries by its data plane,
    ``mesh_policies`` those of its own policies that are asked.
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
    left_out_policies: dict[str, int] = {}
    perhaps_in_force: dict[str, str] = {}
    warnings: tuple[str, ...]
    refused: tuple[str, ...] = ()
    refused_by_engine: tuple[str, ...] = ()
    pod_ranges: dict[str, str] = {}
    known_until: str | None = None
    mesh: str = ""
    mesh_pods: dict[str, int] = {}
    mesh_policies: int = 0


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
    ``tunnel_records``: rows of a mesh's tunnels whose connections its proxies reported, too.
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
    tunnel_records: int = 0
    outside: Share = NO_SHARE


class Violations(msgspec.Struct, frozen=True, kw_only=True):
    """Violating records by kind, and how many findings they make.

    ``observed_unknown``: those of ``forwarded_denied`` of which the log does not say if they went through.
    ``expected``: records that would be ``forwarded_denied`` if anything enforced policies.
    ``findings_not_listed``: past --max-findings, of ``records_not_listed`` records.
    """

    forwarded_denied: int
    dropped_allowed: int
    findings: int
    observed_unknown: int = 0
    expected: int = 0
    findings_not_listed: int = 0
    records_not_listed: int = 0

    @property
    def records(self) -> int:
        return self.forwarded_denied + self.dropped_allowed


class Resumed(msgspec.Struct, frozen=True, kw_only=True):
    """What ``--resume`` took over from an interrupted run."""

    files: int
    rows: int


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """Rows that name other policies than those that decided; ``first_row`` is in ``file``. Of a mesh, the
    first word of either is what was decided."""

    recorded: tuple[str, ...]
    decided: tuple[str, ...]
    rows: int
    file: str
    first_row: int


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """What logs say was decided. ``cloud``: rows by what a cloud's own firewall did. ``policies_agree`` and
    ``policies_differ``: rows that name a policy that decided, and those that name none that did; not compared
    are rows with an unknown verdict, and names of policies in languages that are not evaluated. ``mesh_...``:
    the same of rows that say what a mesh's own proxy decided, and by which policy, beside what its policies
    say."""

    cloud: dict[str, int] = {}
    policies_agree: int = 0
    policies_differ: int = 0
    policies_not_compared: int = 0
    differences: tuple[Difference, ...] = ()
    mesh_agree: int = 0
    mesh_differ: int = 0
    mesh_not_compared: int = 0
    mesh_differences: tuple[Difference, ...] = ()


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
    where nothing was to be taken over, ``bytes`` where no row has any. ``engine`` says who enforces policies.
    ``unused_rules`` decided nothing; ``open_rules`` neither, but for rows with an unknown verdict perhaps.
    ``gate`` is None where findings are held against no baseline and no file of those to ignore.
    ``pruned``: folders and files that were left out unread, as of the ledger.
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
    recorded: Recorded = Recorded()
    engine: str = ""
    open_rules: int = 0
    gate: Gate | None = None
    pruned: tuple[LeftUnread, ...] = ()

    @property
    def failing(self) -> int:
        """Findings that make a run fail."""
        return self.violations.findings if self.gate is None else self.gate.new
