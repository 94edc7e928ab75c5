"""``python -m admin.processes.probe NAME --config FILE``: exits 0 when that process serves."""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path

from admin.processes.specs import probe
from hotline.clock import SystemClock
from hotline.configfile import load
from hotline.errors import HotlineError


def main() -> int:
    """Return 0: serves; 1: does not; 2: cannot be asked."""
    parser = argparse.ArgumentParser(prog="admin.processes.probe", description=__doc__)
    parser.add_argument("name")
    parser.add_argument("--config", type=Path, default=Path("hotline.toml"))
    arguments = parser.parse_args()
    try:
        question = probe(load(arguments.config), arguments.name, clock=SystemClock())
    except HotlineError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0 if asyncio.run(question.serves()) else 1


if __name__ == "__main__":
    sys.exit(main())
