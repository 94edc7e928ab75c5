"""The menus: each that a line names is there, and each that the operator wrote can be used."""

from __future__ import annotations

from collections.abc import Iterator

from admin.doctor.finding import Finding, Phrase, broken, fine, short
from hotline.config import Settings
from hotline.menu.flowfiles import operators_flows
from hotline.menu.flowwatch import broken_flows, lost_flows

SUBJECT = "flows"


def examine_flows(settings: Settings) -> Iterator[Finding]:
    folder = settings.flows_dir
    lost, faults = lost_flows(folder, settings.flows), broken_flows(folder)
    for fault in lost:
        yield broken(
            SUBJECT,
            Phrase(f"有号码使用不存在的菜单：{fault}", f"a line's menu: {fault}"),
            Phrase(
                f"修改 lines 中的 flow 或 closed，或把文件放进 {folder}",
                f"change flow or closed of that line, or put the file into {folder}",
            ),
        )
    for fault in faults:
        yield short(
            SUBJECT,
            Phrase(
                f"未启用，来电者听到内置菜单：{fault}", f"not used, a shipped one serves: {fault}"
            ),
            Phrase("按提示修改该文件，无需重启", "mend the file as it says; no restart is needed"),
        )
    if not lost and not faults:
        own = len(operators_flows(folder))
        yield fine(SUBJECT, f"自定义菜单 {own} 个，均可用", f"{own} of your own, all can be used")
