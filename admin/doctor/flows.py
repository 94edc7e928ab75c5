"""The menus: every flow that a line leads to can be read, and each of its prompts be heard."""

from __future__ import annotations

from collections.abc import Iterator

from admin.doctor.finding import Finding, Phrase, fine, short
from hotline.config import Settings
from hotline.conversation.screening import BLOCKED_FLOW, CARE_FLOW
from hotline.errors import FlowError, PromptMissing
from hotline.menu.flow import FALLBACK, SHIPPED, Flow, read_flow
from hotline.prompts.library import PromptLibrary

SUBJECT = "menus"


def examine_flows(settings: Settings) -> Iterator[Finding]:
    faults = 0
    wanted = _wanted(settings)
    for name, users in wanted.items():
        for finding in _examine(settings, name, users):
            faults += 1
            yield finding
    if not faults:
        names = ", ".join(sorted(wanted))
        yield fine(SUBJECT, f"菜单可用：{names}", f"all can be read: {names}")


def _wanted(settings: Settings) -> dict[str, str]:
    """Return each flow that callers can meet, and where it is named."""
    wanted = {BLOCKED_FLOW: "blocked callers", CARE_FLOW: "care plans"}
    for line in settings.lines:
        wanted.setdefault(line.closed, f"lines.closed of {line.number}")
        wanted.setdefault(line.flow, f"lines.flow of {line.number}")
    return wanted


def _examine(settings: Settings, name: str, users: str) -> Iterator[Finding]:
    own, shipped = settings.flows_dir / f"{name}.toml", SHIPPED / f"{name}.toml"
    flow: Flow | None = None
    if own.is_file():
        try:
            flow = read_flow(own)
        except FlowError as error:
            instead = name if shipped.is_file() else FALLBACK
            yield short(
                SUBJECT,
                Phrase(
                    f"{name}（{users}）不可用，改用自带的 {instead}：{error}",
                    f"{name} ({users}) is not used, the shipped {instead} serves: {error}",
                ),
                Phrase(f"修改 {own}", f"mend {own}"),
            )
    elif shipped.is_file():
        flow = read_flow(shipped)
    else:
        yield short(
            SUBJECT,
            Phrase(
                f"没有名为 {name} 的菜单（{users}），来电进入 {FALLBACK}",
                f"there is no flow {name} ({users}); callers meet {FALLBACK} instead",
            ),
            Phrase(f"新建 {own}，或改用已有的名称", f"write {own}, or name one that there is"),
        )
    if flow is not None:
        yield from _unheard(settings, name, flow)


def _unheard(settings: Settings, name: str, flow: Flow) -> Iterator[Finding]:
    library = PromptLibrary(settings.prompts_dir, settings.site.language)
    missing = []
    for prompt in sorted(flow.prompts):
        try:
            library.find(prompt, settings.site.language)
        except PromptMissing:
            missing.append(prompt)
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
