"""One thread for linear algebra.

The matrices are small: threads would cost more than they bring, and take the
cores from other jobs. With one thread the order of every sum is fixed.
"""

from contextlib import AbstractContextManager
from functools import cache

import numpy as np  # its BLAS must be loaded before it can be limited
from threadpoolctl import (  # type: ignore[import-untyped]
    ThreadpoolController,
)


@cache
def _controller() -> ThreadpoolController:
    np.dot(np.ones(1), np.ones(1))
    return ThreadpoolController()


def single_threaded() -> AbstractContextManager[object]:
    """Context in which BLAS runs on one thread."""
    limit: AbstractContextManager[object] = _controller().limit(
        limits=1, user_api="blas"
    )
    return limit
