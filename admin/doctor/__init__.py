"""`hotline doctor`: what works on this machine, what falls short, and what to do about it.

Looks at everything, changes nothing, and shows no secret and no caller. Each check stands in the
module of its subject and gives findings; none may raise for what is wrong with the machine.
"""

from __future__ import annotations

from pathlib import Path

from admin.doctor.database import examine_database
from admin.doctor.edge import examine_edge
from admin.doctor.engine import examine_engine
from admin.doctor.finding import Finding, Phrase, Verdict
from admin.doctor.flows import examine_flows
from admin.doctor.machine import examine_clock, examine_disk, examine_secrets
from admin.doctor.portcheck import examine_ports
from admin.doctor.prompts import examine_prompts
from admin.doctor.recordings import examine_recordings
from admin.doctor.redis import examine_redis
from admin.doctor.show import show
from hotline.config import Settings

__all__ = ["Finding", "Phrase", "Verdict", "examine", "show"]


def examine(settings: Settings, file: Path) -> list[Finding]:
    """Return every finding, subject by subject; `file` is where the settings are from. Takes some
    seconds; blocks."""
    return [
        *examine_engine(settings),
        *examine_edge(settings),
        *examine_redis(settings),
        *examine_database(settings),
        *examine_prompts(settings),
        *examine_flows(settings),
        *examine_disk(settings),
        *examine_ports(settings, file),
        *examine_secrets(settings),
        *examine_recordings(settings),
        *examine_clock(settings),
    ]
