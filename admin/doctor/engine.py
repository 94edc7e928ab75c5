"""The telephone engine: its build, and what that build can carry."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator

from admin.doctor.finding import Finding, Phrase, broken, fine, short
from admin.doctor.programs import output_of
from admin.processes.capacity import contacts_on, legs_for
from hotline.config import Settings
from hotline.sip.capacity import legs_on, ports_for

SUBJECT = "engine"
_DESCRIBE = (
    "import dataclasses, json; from hotline.sip.engine import describe; "
    "print(json.dumps(dataclasses.asdict(describe())))"
)
_BUILD = Phrase(
    "执行 make setup 重新编译；原因见 ~/.cache/hotline/engine/ 下的 build.log",
    "run make setup to build it; build.log below ~/.cache/hotline/engine/ says why it failed",
)
_WITHOUT = {
    "strict_rtp": Phrase(
        "引擎会相信陌生来源的语音包：最先向本机 RTP 端口发包者可能听到来电者",
        "the engine believes strangers' RTP: who sends to a port of ours first may get the call",
    ),
    "first_packet": Phrase(
        "引擎偶尔在接通后听不见一方，直到通话结束",
        "the engine is deaf to one side of a call now and then, until the call ends",
    ),
}
"""What is so without a patch of ours (`EngineFacts.patches`)."""
_NEEDED = ("PCMA/8000", "PCMU/8000")


def examine_engine(settings: Settings) -> Iterator[Finding]:
    """Describe it in a process of its own: a broken C library must not end the doctor."""
    text = output_of((sys.executable, "-c", _DESCRIBE))
    if text is None:
        yield broken(SUBJECT, Phrase("电话引擎 pjsua2 无法启动", "pjsua2 does not start"), _BUILD)
        return
    # The library may print lines of its own.
    facts = json.loads(next(line for line in text.splitlines() if line.startswith("{")))
    name = f"pjsua2 {facts['version']}"
    carried = facts["capacity"]
    if facts["own_build"]:
        yield fine(
            SUBJECT,
            f"{name}，自行编译，每进程 {carried} 路",
            f"{name}, our own build, {carried} legs per process",
        )
    else:
        yield short(
            SUBJECT,
            Phrase(
                f"{name}，PyPI 版，每进程只有 {carried} 路",
                f"{name}, the PyPI wheel: {carried} legs per process",
            ),
            _BUILD,
        )
    for patch in sorted(_WITHOUT.keys() - facts["patches"]):
        yield short(SUBJECT, _WITHOUT[patch], _BUILD)
    yield from _codecs(facts["codecs"])
    yield from _capacity(settings, carried)


def _codecs(codecs: list[str]) -> Iterator[Finding]:
    names = ", ".join(codec.rpartition("/")[0] for codec in codecs)
    missing = [n for n in _NEEDED if not any(codec.startswith(n) for codec in codecs)]
    if missing:
        yield broken(
            SUBJECT, Phrase(f"缺少编码 {missing}", f"codecs missing: {', '.join(missing)}"), _BUILD
        )
    else:
        yield fine(SUBJECT, f"编码：{names}", f"codecs: {names}")


def _capacity(settings: Settings, legs: int) -> Iterator[Finding]:
    """What the engine, and the RTP ports, are enough for."""
    wanted, ports = settings.gateway.max_contacts, settings.gateway.rtp_ports
    carried = contacts_on(legs)
    if wanted > carried:
        yield short(
            SUBJECT,
            Phrase(
                f"gateway.max_contacts 为 {wanted}，引擎每进程只够 {carried} 个来电",
                f"gateway.max_contacts is {wanted}; the engine carries {carried} contacts",
            ),
            Phrase(
                f"改为 {carried}，并增加 gateway.processes",
                f"set it to {carried} and raise gateway.processes",
            ),
        )
    spoken = contacts_on(legs_on(ports))
    if min(wanted, carried) > spoken:
        needed = ports_for(legs_for(min(wanted, carried)))
        yield short(
            SUBJECT,
            Phrase(
                f"gateway.max_contacts 为 {wanted}，gateway.rtp_ports {ports} 只够 {spoken} 个来电",
                f"gateway.max_contacts is {wanted}; gateway.rtp_ports, {ports}, are enough for "
                f"{spoken} contacts",
            ),
            Phrase(
                f"将 gateway.rtp_ports 增至 {needed}，或将 gateway.max_contacts 改为 {spoken}",
                f"raise gateway.rtp_ports to {needed}, or set gateway.max_contacts to {spoken}",
            ),
        )
