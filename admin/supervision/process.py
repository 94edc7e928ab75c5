"""What the supervisor is told of a process: how it starts, when it is up, how it ends."""

from __future__ import annotations

import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from admin.supervision.health import Probe
from admin.supervision.sockets import Endpoint
from hotline.errors import HotlineError


class ProcessError(HotlineError):
    """The processes contradict each other: a name stands twice, or one needs what is not there."""

    code = "process"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessSpec:
    """One child of the supervisor. Secrets belong into files: others can read `argv` and `env`."""

    name: str
    argv: tuple[str, ...]
    ready: Probe
    """Whether it serves; asked until it is up, and every `probe_every` seconds from then on."""
    env: Mapping[str, str] = field(default_factory=dict)
    """Added to the supervisor's own environment."""
    needs: frozenset[str] = frozenset()
    """Names of processes that must be up before the first start."""
    binds: tuple[Endpoint, ...] = ()
    """What must be free before a start: two processes can share a UDP port without a word."""
    start_seconds: float = 30.0
    """Not up after so long: killed and started again."""
    stop_seconds: float = 5.0
    """Still there so long after SIGTERM: killed."""
    ends_at_second_signal: bool = False
    """It takes its time to end (`stop_seconds`), and a second SIGTERM tells it to take none."""
    probe_every: float = 5.0
    probe_failures: int = 4
    """So many failed probes in a row and it is taken for hung: killed and started again."""
    orphan_signal: signal.Signals = signal.SIGKILL
    """What the kernel sends it when the supervisor dies. SIGTERM for one that must end children of
    its own, for they do not hear of it."""


def start_order(specs: Sequence[ProcessSpec]) -> list[list[ProcessSpec]]:
    """Return `specs` in waves: each needs only what stands in earlier ones.

    Raises ProcessError for a name that stands twice, an unknown need, or a circle.
    """
    names = [spec.name for spec in specs]
    if len(set(names)) != len(names):
        raise ProcessError(f"a process name stands twice among {', '.join(names)}")
    for spec in specs:
        if unknown := spec.needs - set(names):
            raise ProcessError(
                f"{spec.name} needs {', '.join(sorted(unknown))}, which is not there"
            )
    waves: list[list[ProcessSpec]] = []
    left = list(specs)
    started: set[str] = set()
    while left:
        wave = [spec for spec in left if spec.needs <= started]
        if not wave:
            raise ProcessError(f"these need each other: {', '.join(s.name for s in left)}")
        waves.append(wave)
        started |= {spec.name for spec in wave}
        left = [spec for spec in left if spec not in wave]
    return waves
