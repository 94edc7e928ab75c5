"""Python's collector of reference cycles, told when to look.

A full look at the objects of a gateway, which knows the whole queue, holds its calls for tens of
milliseconds, and by default comes whenever a quarter more of them live. What is there at the start
stays for good; young cycles are found as ever, old ones now and then.
"""

from __future__ import annotations

import gc

YOUNG = 20_000
"""So many more objects than before, and the youngest are looked at: a few milliseconds."""
MIDDLE, OLD = 20, 100
"""So many looks at one generation, and the next is looked at."""


def collect_rarely() -> None:
    """To be called when everything is imported."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, OLD)
