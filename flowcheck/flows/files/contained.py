"""What a process may use that opens files which may be damaged or hostile, and what of it may be seen."""

from __future__ import annotations

import ctypes
import os
import resource
import signal

MEMORY_LIMIT = 4 << 30
"""Bytes of address space. Below 2 GiB the libraries themselves fail to load now and then."""
CPU_LIMIT = 120
"""Seconds for one footer or one batch of rows; an honest one takes less than one."""

_PR_SET_PDEATHSIG = 1


def contain() -> None:
    """Limit what a bad file can do: no core dump, bounded memory, and no life without the parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit = MEMORY_LIMIT if hard == resource.RLIM_INFINITY else min(MEMORY_LIMIT, hard)
    resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def silence() -> None:
    """What a library says of a hostile file must not reach the terminal; from here on, answers tell all."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    os.close(nowhere)


def allow_cpu() -> None:
    """Allow the next batch its time; past that the kernel ends this process with SIGXCPU."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    soft = int(used.ru_utime + used.ru_stime) + CPU_LIMIT
    if hard == resource.RLIM_INFINITY or soft <= hard:
        resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))
