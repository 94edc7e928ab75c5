"""The edge: Kamailio, its modules, and whether it answers."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from admin.doctor.finding import Finding, Phrase, apt, broken, fine
from admin.doctor.programs import output_of
from admin.supervision.status import read_status
from hotline.config import Settings
from hotline.edge import configuration
from hotline.edge.health import answers_options

SUBJECT = "edge"


def examine_edge(settings: Settings) -> Iterator[Finding]:
    program = configuration.program()
    modules = configuration.modules()
    if program is None or modules is None:
        yield broken(
            SUBJECT,
            Phrase(
                "没有安装 Kamailio 或其 SQLite 模块", "Kamailio or its SQLite module is missing"
            ),
            apt("kamailio", "kamailio-sqlite-modules"),
        )
        return
    version = (output_of((program, "-v")) or "version unknown").partition("\n")[0]
    version = version.removeprefix("version: ").strip()
    yield fine(SUBJECT, f"{version}，模块在 {modules}", f"{version}, modules in {modules}")
    host, port = settings.edge.address, settings.edge.port
    if asyncio.run(answers_options(host, port, 2.0)):
        yield fine(SUBJECT, f"{host}:{port} 有应答", f"{host}:{port} answers OPTIONS")
    elif read_status(settings.run_dir) is not None:
        log = settings.log_dir / "edge.log"
        yield broken(
            SUBJECT,
            Phrase(f"{host}:{port} 没有应答", f"{host}:{port} does not answer OPTIONS"),
            Phrase(f"查看 {log}", f"look into {log}"),
        )
    else:
        yield fine(SUBJECT, "没有运行", "not running")
