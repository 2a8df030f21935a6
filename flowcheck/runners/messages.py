"""What parent and worker say to each other: msgpack records, each after its length in four bytes.

Nothing that travels can run anything where it is read: a worker has read files that may be hostile.
"""

from __future__ import annotations

import msgspec

from flowcheck.balance.count.tally import PackedEntries
from flowcheck.flows.files.hive import Key
from flowcheck.flows.files.inputs import FileIdentity
from flowcheck.flows.logs.converted import Conversion
from flowcheck.flows.logs.form import Asked
from flowcheck.keywords import GIVE_UP_AFTER
from flowcheck.results.census import Census
from flowcheck.results.finding.times import ViolationTimes
from flowcheck.results.recorded import RecordedCounts
from flowcheck.results.records.ledger import Rejected, Stored

NO_PROGRESS = "no_progress"
"""The reason of a file whose worker was killed for want of it."""
MEMORY = "memory"
"""The reason of a failure that another attempt, in smaller batches, may not meet."""
PATIENCE = GIVE_UP_AFTER.total_seconds()
NONE = memoryview(b"")


class Setup(msgspec.Struct, tag="setup", frozen=True):
    """Read the filters, and with ``program`` what is judged and counted by, from the inherited file; without
    it files are only converted. ``asked``: what was said of logs. ``patience``: seconds without a word from
    who is on an order, after which it is killed. ``compared``: where in the file it begins what flows are to
    be judged by once more, and what pairs both; None: they are judged once. ``contacts``: whether parts are
    to have them."""

    program: bool
    folder: str
    since_us: int | None
    until_us: int | None
    namespaces: tuple[str, ...]
    keep_columns: bool
    asked: Asked = Asked()
    patience: float = PATIENCE
    compared: tuple[int, int] | None = None
    contacts: bool = False

    @property
    def asks_time(self) -> bool:
        """Whether some time is asked for: part of a file may do then."""
        return self.since_us is not None or self.until_us is not None


class Inspect(msgspec.Struct, tag="inspect", frozen=True):
    """Check a file's footer, and convert it where it is a log; the answer is Inspected or Failed. A path is
    bytes: it need not be text. ``attempt``: 1 where something went wrong with the first."""

    file: int
    path: bytes
    identity: FileIdentity
    keys: tuple[Key, ...]
    attempt: int = 0


class Look(msgspec.Struct, tag="look", frozen=True):
    """Look at a Parquet file's footer, while no more of it than that is there; the answer is Looked."""

    file: int
    path: bytes
    identity: FileIdentity
    keys: tuple[Key, ...]
    attempt: int = 0


class Judge(msgspec.Struct, tag="judge", frozen=True):
    """Judge ``rows`` rows of a file from ``first_row`` on; ``name`` is its path as results have it. Where it
    is ``converted`` from a log, its rows say which record each is of. A second ``attempt`` is made in smaller
    batches."""

    file: int
    task: int
    path: bytes
    name: str
    identity: FileIdentity
    keys: tuple[Key, ...]
    first_row: int
    rows: int
    converted: bool = False
    attempt: int = 0

    @property
    def part(self) -> str:
        """What its part is called."""
        return f"{self.file:06d}-{self.task:06d}"


FileOrder = Look | Inspect | Judge
Order = Setup | Look | Inspect | Judge


class Converted(msgspec.Struct, frozen=True):
    """A log's rows lie in the run's folder, under a name of their own."""

    conversion: Conversion
    name: str
    identity: FileIdentity


class Ready(msgspec.Struct, tag="ready", frozen=True):
    """The program is loaded: from here on, a death is the fault of the file that was being read."""


class Inspected(msgspec.Struct, tag="inspected", frozen=True):
    """A file that can be judged. ``stored``: where it is Parquet; ``columns``: where they are canonical;
    ``left_out``: the row groups without a row of the asked time."""

    file: int
    row_groups: tuple[int, ...]
    warnings: tuple[str, ...]
    converted: Converted | None = None
    stored: Stored | None = None
    columns: tuple[str, ...] = ()
    left_out: tuple[int, ...] = ()


class Looked(msgspec.Struct, tag="looked", frozen=True):
    """``unread``: from, included, and to, excluded: bytes of a file that nobody will ask for, in its
    order."""

    file: int
    unread: tuple[tuple[int, int], ...]


class Advanced(msgspec.Struct, tag="advanced", frozen=True):
    """Rows judged since the last word, for the progress bar; none where there is progress of another kind."""

    rows: int


class JudgedTask(msgspec.Struct, tag="judged", frozen=True):
    """One task is done; its part lies in the folder under ``part``."""

    file: int
    task: int
    part: str


class Failed(msgspec.Struct, tag="failed", frozen=True):
    """The file cannot be judged: a code, a sentence, and the SHA-256 of what was refused."""

    file: int
    reason: str
    detail: str
    sha256: str | None = None


class Unwritable(msgspec.Struct, tag="unwritable", frozen=True):
    """A part could not be written: no fault of the file, and the end of the run."""

    errno: int
    detail: str


Answer = Ready | Looked | Inspected | Advanced | JudgedTask | Failed | Unwritable


class Part(msgspec.Struct, frozen=True):
    """What one task found. Its sums stand before it, in pieces: ``sums`` are the numbers of edges,
    (n, 8) int64, and of examples, (n, 6): where the first violating row of each edge is, as
    :class:`~flowcheck.results.finding.firsts.Firsts` has it. Edges of one piece may be in others, too.

    ``violations_bytes`` is the size of the file that lies beside the part (0: there is none). ``pairs``,
    where rows were judged twice: the bytes of (pairs, 3) int64, as of
    :class:`flowcheck.results.diff.pairs.Pairs`, whose numbers are the decisions of edges and examples; beside
    the part lie the rows of these alone. ``contacts``, where they were asked for: the bytes of (n, 9) int64.
    """

    rows: int
    judged: int
    unknown: int
    filtered: int
    rejected: tuple[Rejected, ...]
    sums: tuple[tuple[int, int], ...]
    violations: int
    violations_bytes: int
    census: Census
    load: PackedEntries | None
    recorded: RecordedCounts
    times: ViolationTimes
    pairs: bytes | None = None
    contacts: memoryview = NONE


def answers_to(order: FileOrder, answer: Answer) -> bool:
    """Whether an answer is one to this order: who has read a hostile file may say anything."""
    match answer:
        case Advanced():
            return answer.rows >= 0
        case Inspected():
            name = answer.converted.name if answer.converted else converted_name(order.file)
            whole = min(answer.row_groups, default=0) >= 0
            whole &= set(answer.left_out) <= set(range(len(answer.row_groups)))
            return (
                isinstance(order, Inspect)
                and answer.file == order.file
                and whole
                and name == converted_name(order.file)
            )
        case Looked():
            places = [place for span in answer.unread for place in span]
            rising = places == sorted(places) and min(places, default=0) >= 0
            return isinstance(order, Look) and answer.file == order.file and rising
        case JudgedTask():
            return isinstance(order, Judge) and (answer.file, answer.task, answer.part) == (
                order.file,
                order.task,
                order.part,
            )
        case Failed():
            return answer.file == order.file
    return isinstance(answer, Unwritable)


def converted_name(file: int) -> str:
    """What the rows of a log are called."""
    return f"{file:06d}.flows"
