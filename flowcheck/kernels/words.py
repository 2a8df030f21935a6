"""Words packed from several numbers; where each part begins stands in :mod:`flowcheck.arrays`.

Numbers are widened before they are shifted: what is compiled would do so anyway, plain NumPy would not.
"""

from __future__ import annotations

import numpy as np

from flowcheck import arrays as a
from flowcheck.arrays import Integer
from flowcheck.kernels.jit import expression


@expression
def port_word(slot: Integer, port: Integer) -> np.int32:
    """A port of a protocol slot."""
    return (np.int32(slot) << a.PORT_BITS) | np.int32(port)


@expression
def pair(one: Integer, other: Integer) -> np.int64:
    """Two numbers of up to 32 bits; ``other`` is not negative."""
    return (np.int64(one) << a.HALF) | np.int64(other)


@expression
def service_word(
    protocol: Integer, port: Integer, observed: Integer, point: Integer, inferred: Integer
) -> np.int64:
    """KEY_SERVICE of one flow; ``port`` is -1 where it was not recorded."""
    reported = (np.int64(inferred) << a.AT_INFERRED) | (np.int64(point) << a.AT_POINT)
    said = (np.int64(observed) << a.AT_OBSERVED) | (np.int64(protocol) << a.AT_PROTOCOL)
    return reported | (np.int64(1) << a.AT_USED) | said | np.int64(port + 1)
