"""The menus: each that a line names is there, each that the operator wrote can be used, and what
callers can meet can be heard."""

from __future__ import annotations

from collections.abc import Iterator

from admin.doctor.finding import Finding, Phrase, broken, fine, short
from hotline.config import Settings
from hotline.conversation.screening import BLOCKED_FLOW, CARE_FLOW
from hotline.errors import FlowError, PromptMissing
from hotline.menu.flow import Flow, read_flow
from hotline.menu.flowfiles import SHIPPED, flow_names
from hotline.menu.flowwatch import broken_flows, lost_flows
from hotline.prompts.library import PromptLibrary

SUBJECT = "menus"


def examine_flows(settings: Settings) -> Iterator[Finding]:
    findings = [*_lost(settings), *_broken(settings), *_unheard(settings)]
    yield from findings
    if not findings:
        names = ", ".join(sorted(_met(settings)))
        yield fine(SUBJECT, f"菜单可用：{names}", f"all can be read: {names}")


def _lost(settings: Settings) -> Iterator[Finding]:
    for fault in lost_flows(settings.flows_dir, settings.flows):
        yield broken(
            SUBJECT,
            Phrase(f"有号码使用不存在的菜单：{fault}", f"a line's menu: {fault}"),
            Phrase(
                f"修改 lines 中的 flow 或 closed，或把文件放进 {settings.flows_dir}",
                f"change flow or closed of that line, or put the file into {settings.flows_dir}",
            ),
        )


def _broken(settings: Settings) -> Iterator[Finding]:
    for fault in broken_flows(settings.flows_dir, root=settings.site.node):
        yield short(
            SUBJECT,
            Phrase(
                f"未启用，来电者听到内置菜单：{fault}", f"not used, a shipped one serves: {fault}"
            ),
            Phrase("按提示修改该文件，无需重启", "mend the file as it says; no restart is needed"),
        )


def _unheard(settings: Settings) -> Iterator[Finding]:
    library = PromptLibrary(settings.prompts_dir, settings.site.language)
    for name in sorted(_met(settings)):
        flow = _read(settings, name)
        prompts = sorted(flow.prompts) if flow is not None else []
        missing = [prompt for prompt in prompts if not _is_there(library, prompt, settings)]
        if missing:
            some = ", ".join(missing[:3]) + (", ..." if len(missing) > 3 else "")
            yield short(
                SUBJECT,
                Phrase(
                    f"菜单 {name} 缺提示音：{some}；播到此处直接转人工",
                    f"{name} says prompts that are missing: {some}; callers go straight on there",
                ),
                Phrase(
                    "执行 hotline migrate 生成，或录制后放入 custom",
                    "run hotline migrate to make ours, or put your own into custom",
                ),
            )


def _met(settings: Settings) -> set[str]:
    """Return each flow that callers can meet."""
    there = flow_names(settings.flows_dir)
    return {name for name in (BLOCKED_FLOW, CARE_FLOW, *settings.flows) if name in there}


def _read(settings: Settings, name: str) -> Flow | None:
    """Return the flow that serves; None of one that is broken, which is told otherwise."""
    own, shipped = settings.flows_dir / f"{name}.toml", SHIPPED / f"{name}.toml"
    try:
        return read_flow(own if own.is_file() else shipped, root=settings.site.node)
    except FlowError:
        return None


def _is_there(library: PromptLibrary, prompt: str, settings: Settings) -> bool:
    try:
        library.find(prompt, settings.site.language)
    except PromptMissing:
        return False
    return True
