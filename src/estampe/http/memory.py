"""Memory: what a server does differently with it than a short command."""

from __future__ import annotations

import ctypes
import gc

# glibc's malloc.h
_M_TRIM_THRESHOLD = -1
_M_TOP_PAD = -2
_M_MMAP_THRESHOLD = -3

_KEPT_BYTES = 64 * 1_048_576

_YOUNG_OBJECTS = 50_000
"""A batch of drafts is some ten thousand objects without a cycle: look for cycles less often than after 700."""


def keep() -> None:
    """Tell glibc to serve blocks of megabytes from its heap and to keep it; elsewhere do nothing.

    Mapping each block anew costs a page fault for every 4 KiB: copying a chunk takes fourteen times as long.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, _KEPT_BYTES // 2)
        mallopt(_M_TRIM_THRESHOLD, _KEPT_BYTES)
        mallopt(_M_TOP_PAD, _KEPT_BYTES // 4)


def collect_seldom() -> None:
    """Let the cycle collector run less often, and leave out what the start has made."""
    gc.freeze()
    gc.set_threshold(_YOUNG_OBJECTS, 20, 20)
