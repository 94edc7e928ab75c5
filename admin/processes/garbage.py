"""Python's collector of reference cycles, told when to look.

A full look at the objects of a gateway, which knows the whole queue, holds its calls for tens of
milliseconds, and by default comes whenever a quarter more of them live. What is there at the start
stays for good; young cycles are found as ever, old ones now and then.
"""

from __future__ import annotations

import gc

YOUNG = 2_000
"""So many more objects than before, and the youngest are looked at: a third of a millisecond. With
ten times as many it was up to nine, and every hundredth offer waited for it."""
MIDDLE, OLD = 100, 1_000
"""So many looks at one generation, and the next is looked at: of the young few are left by then,
and all that there is is looked at about once a day."""


def collect_rarely() -> None:
    """To be called when everything is imported."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, OLD)
