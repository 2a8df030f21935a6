"""What several report of one edge, as one."""

from __future__ import annotations

import numpy as np

from flowcheck import arrays as a
from flowcheck.results.reported import by_edge, fold_reports

NETWORK, PROXY = 1, 3


def entry(decisions: int, observed: int, point: int, flows: int) -> list[int]:
    row = [0] * 8
    row[a.KEY_DECISIONS] = decisions
    row[a.KEY_SERVICE] = observed << a.AT_OBSERVED | point << a.AT_POINT
    row[a.FLOWS], row[a.BYTES], row[a.RECORDS] = flows, 10 * flows, flows
    return row


def test_what_a_proxy_reported_is_left_out_of_all_that_went_on_to_it_together() -> None:
    """Whatever was decided of that: a network's records do not tell a request."""
    entries = [
        entry(1, a.OBSERVED_FORWARDED, NETWORK, 300),
        entry(2, a.OBSERVED_FORWARDED, NETWORK, 309),
        entry(3, a.OBSERVED_ALLOWED, PROXY, 500),
    ]
    folded = fold_reports(by_edge(np.array(entries, dtype=np.int64)))
    assert folded[:, [a.FLOWS, a.BYTES, a.RECORDS]].tolist() == [
        [109, 1090, 300],
        [0, 0, 309],
        [500, 5000, 500],
    ]
