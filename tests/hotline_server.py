"""The whole platform, really running: `hotline up` as a process, in a folder of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from admin import bootstrap
from admin.demo.watch import Watch
from admin.initialize import write_config
from admin.roster import Person
from admin.supervision.status import Status
from hotline.clock import Clock, SystemClock
from hotline.config import Settings
from hotline.configfile import load
from hotline.events import Event
from hotline.sip.softphone_client import SoftphoneClient
from queueing.store import QueueStore
from tests.machine_clock import MachineClock
from tests.servers import free_port, rtp_port, wait_until

TRUNK_ADDRESS = "127.0.0.2"
PHONES_ADDRESS = "127.0.0.3"
SPEECH_ADDRESS = "127.0.0.6"
"""Where the gateways have their RTP, and nothing else."""
PASSWORD = "loopback-only"

TRUNK = f"""
[[edge.trunks]]
name = "test"
networks = ["{TRUNK_ADDRESS}/32"]
"""


class HotlineServer:
    """One platform. `settings` overrides are dotted keys, such as ``{"queueing.wrap_up": 2}``;
    `more` is TOML that is appended to the configuration; `clock` is its machine's, if that is to be
    set (`tests.machine_clock`)."""

    def __init__(
        self,
        folder: Path,
        overrides: dict[str, Any] | None = None,
        prompts: Path | None = None,
        more: str = "",
        clock: MachineClock | None = None,
    ) -> None:
        self.clock: Clock = clock or SystemClock()
        self._environment = {**os.environ, **(clock.environment if clock else {})}
        self.folder = folder
        self.config = folder / "hotline.toml"
        folder.mkdir(parents=True, exist_ok=True)
        write_config(self.config)
        self.config.write_text(
            _override(
                self.config.read_text("utf-8"),
                {"gateway.address": SPEECH_ADDRESS, **(overrides or {})},
            )
            + TRUNK
            + more
        )
        self.settings: Settings = load(self.config)
        if prompts is not None:  # spoken once for all tests
            self.settings.state.mkdir(mode=0o700, exist_ok=True)
            self.settings.prompts_dir.symlink_to(prompts)
        self._process: subprocess.Popen[bytes] | None = None
        self._log = folder / "up.log"
        self._log_before = 0

    @property
    def edge(self) -> str:
        return f"{self.settings.edge.address}:{self.settings.edge.port}"

    @property
    def line(self) -> str:
        """The URI that callers dial."""
        return f"sip:{self.settings.lines[0].number}@{self.edge}"

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._log_before = log.tell()
            self._process = subprocess.Popen(
                [sys.executable, "-m", "admin", "up", "--config", str(self.config)],
                stdout=log,
                stderr=log,
                start_new_session=True,
                env=self._environment,
            )
        wait_until(self._is_up, seconds=60, what=f"hotline up\n{self.log_tail()}")

    def _is_up(self) -> bool:
        if self._process is not None and self._process.poll() is not None:
            raise AssertionError(f"hotline up ended:\n{self.log_tail()}")
        said = self._log.read_bytes()[self._log_before :]
        return b"up; callers reach" in said

    def log_tail(self) -> str:
        return self._log.read_text("utf-8", "replace")[-3000:] if self._log.exists() else ""

    def process_log(self, name: str) -> str:
        """What a process of the platform has logged."""
        path = self.settings.log_dir / f"{name}.log"
        return path.read_text("utf-8", "replace") if path.exists() else ""

    def tracebacks(self) -> list[str]:
        """Every fault that no gateway expected: what it has logged, from the line before on."""
        found = []
        for path in sorted(self.settings.log_dir.glob("gateway-*.log*")):
            lines = path.read_text("utf-8", "replace").splitlines()
            starts = [n for n, line in enumerate(lines) if "Traceback" in line]
            found += ["\n".join(lines[max(0, n - 1) : n + 30]) for n in starts]
        return found

    def status(self) -> Status | None:
        try:
            return Status.model_validate_json((self.settings.run_dir / "status.json").read_text())
        except (OSError, ValueError):
            return None

    def pid_of(self, name: str) -> int:
        """The process called `name`."""
        status = self.status()
        assert status is not None
        pid = next(child.pid for child in status.children if child.name == name)
        assert pid is not None
        return pid

    def kill(self, name: str) -> None:
        """SIGKILL to one process."""
        os.kill(self.pid_of(name), signal.SIGKILL)

    def stop(self) -> None:
        if self._process is None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise AssertionError(f"hotline up did not stop:\n{self.log_tail()}") from None
        finally:
            self._process = None

    def command(self, *words: str, stdin: str | None = None) -> str:
        """Run ``hotline WORDS`` and return what it prints; raises AssertionError when it fails."""
        done = subprocess.run(
            [sys.executable, "-m", "admin", *words, "--config", str(self.config)],
            capture_output=True,
            text=True,
            input=stdin,
            timeout=60,
            check=False,
            env=self._environment,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def stats(self, *words: str) -> list[dict[str, Any]]:
        """The figures, as ``hotline stats --json`` prints them."""
        rows: list[dict[str, Any]] = json.loads(self.command("stats", "--json", *words))
        return rows

    @asynccontextmanager
    async def store(self) -> AsyncIterator[QueueStore]:
        store = bootstrap.queue_store(self.settings, self.clock)
        try:
            yield store
        finally:
            await store.close()

    async def hire(self, extension: str, kind: str = "volunteer", **skills: int) -> None:
        """Add a counselor, or an in-house phone, with `PASSWORD`."""
        person = Person(extension=extension, name="", kind=kind, node="city", skills=skills)
        async with self.store() as store:
            await bootstrap.roster(self.settings, store).add(person, PASSWORD)

    @asynccontextmanager
    async def trunk(self, *, session_expires: int = 1800) -> AsyncIterator[SoftphoneClient]:
        """A phone in the operator's network: its calls are callers' calls."""
        async with SoftphoneClient(
            address=TRUNK_ADDRESS,
            port=free_port(host=TRUNK_ADDRESS),
            rtp_port=rtp_port(),
            session_expires=session_expires,
        ) as phone:
            yield phone

    @asynccontextmanager
    async def phone(self, extension: str) -> AsyncIterator[SoftphoneClient]:
        """A registered phone."""
        async with SoftphoneClient(
            address=PHONES_ADDRESS, port=free_port(host=PHONES_ADDRESS), rtp_port=rtp_port()
        ) as phone:
            await phone.register(
                account=extension,
                password=PASSWORD,
                registrar=self.edge,
                domain=self.settings.edge.realm,
            )
            await phone.expect("registered", status=200)
            yield phone

    def watch(self, events: list[Event] | None = None) -> Watch:
        """Follow the journal; `events` collects what comes."""
        kept: list[Event] = [] if events is None else events
        return Watch(self.settings.redis_url, show=kept.append)


def caller_id(number: str) -> dict[str, str]:
    """The header by which a trunk names its caller."""
    return {"P-Asserted-Identity": f"<sip:{number}@{TRUNK_ADDRESS}>"}


def _override(text: str, overrides: dict[str, Any]) -> str:
    """Set dotted keys in a generated configuration."""
    for key, value in overrides.items():
        section, _, name = key.rpartition(".")
        lines = text.splitlines()
        header = f"[{section}]"
        if not any(line.startswith(header) for line in lines):
            lines += ["", header]
        position = next(n for n, line in enumerate(lines) if line.startswith(header)) + 1
        end = next((n for n in range(position, len(lines)) if lines[n].startswith("[")), len(lines))
        lines = [
            line
            for n, line in enumerate(lines)
            if not (position <= n < end and line.split("=")[0].strip() == name)
        ]
        lines.insert(position, f"{name} = {json.dumps(value)}")
        text = "\n".join(lines) + "\n"
    return text
