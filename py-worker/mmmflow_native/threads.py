"""One thread for linear algebra.

The matrices are small: threads would cost more than they bring, and take the
cores from other jobs. With one thread the order of every sum is fixed.
"""

from contextlib import AbstractContextManager
from functools import cache

import numpy as np  # noqa: F401  (a library is found once it is loaded)
from threadpoolctl import (
    ThreadpoolController,
)


@cache
def _controller() -> ThreadpoolController:
    return ThreadpoolController()


def single_threaded() -> AbstractContextManager[object]:
    """Context in which BLAS runs on one thread."""
    limit: AbstractContextManager[object] = _controller().limit(
        limits=1, user_api="blas"
    )
    return limit
