"""When two results are compared as arrays.

Sets and dictionaries fetch a large result's rows from all over the memory, which takes longer than
reading them in their order and sorting arrays. NumPy is loaded for that alone: most scoring workers
never need it.
"""

from __future__ import annotations

import os
import resource
import sys
from collections.abc import Callable, Sized
from functools import wraps
from typing import ParamSpec, TypeVar

# Rows from which on arrays are quicker; loading NumPy takes as long as comparing 100,000.
LARGE = 50_000
# Bytes of the address space that NumPy takes with one thread, and that a row takes in a set.
_NUMPY_BYTES = 96 * 2**20
_ROW_BYTES = 64

Arguments = ParamSpec("Arguments")
Verdict = TypeVar("Verdict")


def are_large(first: Sized, second: Sized) -> bool:
    """Whether both results are so large that arrays pay, and NumPy could be loaded for them.

    Under a limit of the address space, such as a scoring worker's, there must be room for NumPy and
    then for comparing without it, so that it costs no verdict.

    >>> are_large([(1,)], [(1,)])
    False
    """
    if min(len(first), len(second)) < LARGE:
        return False
    if "numpy" not in sys.modules:
        room = _address_space_left()
        if room < _NUMPY_BYTES + _ROW_BYTES * (len(first) + len(second)):
            return False
        if room < sys.maxsize:
            # Each further thread of NumPy's linear algebra would take 40 MiB.
            os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    return True


def unless_memory_ends(
    comparison: Callable[Arguments, Verdict | None],
) -> Callable[Arguments, Verdict | None]:
    """The comparison, but None where there is no room for its arrays: as objects, rows may fit."""

    @wraps(comparison)
    def compared(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Verdict | None:
        try:
            return comparison(*args, **kwargs)
        except MemoryError:
            return None

    return compared


def _address_space_left() -> int:
    """In bytes; without a limit more than there is."""
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    if sys.platform != "linux" or limit == resource.RLIM_INFINITY:
        return sys.maxsize
    with open("/proc/self/statm") as file:
        pages = int(file.read().split()[0])
    return limit - pages * resource.getpagesize()
