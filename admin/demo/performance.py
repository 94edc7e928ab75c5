"""The demonstration from curtain to verdict."""

from __future__ import annotations

import asyncio
import json
import logging
import tempfile
from pathlib import Path
from zoneinfo import ZoneInfo

from rich.console import Console

from admin import bootstrap, platform
from admin.demo import cast
from admin.demo.cast import CALLERS, Member
from admin.demo.folding import folded
from admin.demo.live import Live
from admin.demo.scenes import SCENES, Expected
from admin.demo.stage import Stage
from admin.demo.verdict import Heard, Verdict, broken_off, judge
from admin.demo.watch import Watch
from admin.processes.endpoints import refuse_impossible
from hotline.clock import LoopTimers, SystemClock
from hotline.config import Settings
from hotline.errors import ConfigError, HotlineError

log = logging.getLogger(__name__)


def demonstrate(settings: Settings, config: Path, *, once: bool) -> int:
    """Run the platform and the calls; return the exit status. `once`: end after the calls.

    Raises ConfigError when the configuration has no line for the demonstration's callers, or
    addresses that this machine does not have.
    """
    if not any(trunk.name == cast.TRUNK for trunk in settings.edge.trunks):
        raise ConfigError(
            f"{config}: edge.trunks: the demonstration needs a trunk named {cast.TRUNK}; "
            f"name a new file with --config and it is written there"
        )
    refuse_impossible(settings, config)
    console = Console(stderr=once, soft_wrap=True)
    live = Live(console, language=settings.site.language, zone=ZoneInfo(settings.site.timezone))
    live.title("启动平台", "Starting the platform")
    platform.prepare(settings, live.say)
    return asyncio.run(_perform(settings, config, live, console, once=once))


async def _perform(
    settings: Settings, config: Path, live: Live, console: Console, *, once: bool
) -> int:
    stop = platform.stop_on_signals()
    try:
        async with platform.running(settings, config, live.say, stop) as supervisor:
            verdict = await _verdict(settings, live, stop)
            _show_verdict(verdict, live, console)
            if not once:
                await _invite(settings, live)
                async with Watch(settings.redis_url, show=live.show):
                    await supervisor.run_until(stop)
    except HotlineError as error:
        verdict = broken_off(str(error))
        _show_verdict(verdict, live, console)
    if once:
        print(json.dumps(verdict.as_json(), ensure_ascii=False))  # noqa: T201 - the result
    return 0 if verdict.ok else 1


async def _verdict(settings: Settings, live: Live, stop: asyncio.Event) -> Verdict:
    """Play the calls; whatever ends them too early is the verdict."""
    played = asyncio.create_task(_play(settings, live))
    stopped = asyncio.create_task(stop.wait())
    await asyncio.wait({played, stopped}, return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    if not played.done():
        played.cancel()
        await asyncio.wait({played})
        raise platform.Stopped("stopped before the calls were over")
    try:
        return played.result()
    except HotlineError as error:
        return broken_off(str(error))
    except Exception as error:
        log.exception("the demonstration broke off")
        return broken_off(f"{type(error).__name__}: {error}")


async def _play(settings: Settings, live: Live) -> Verdict:
    clock = SystemClock()
    since = clock.now()
    members = (cast.volunteer(), cast.professional())
    await _hire(settings, members)
    expected: list[Expected] = []
    with tempfile.TemporaryDirectory(prefix="hotline-demo-") as folder:
        async with Watch(settings.redis_url, show=live.show) as watch:
            stage = Stage(
                settings=settings,
                watch=watch,
                sealer=bootstrap.sealer(settings),
                timers=LoopTimers(),
                folder=Path(folder),
            )
            async with stage.opened(*members):
                callers = iter(CALLERS)
                for scene in SCENES:
                    live.title(*_titles(scene.__name__, scene.__doc__ or ""))
                    expected += await scene(stage, callers)
        live.title("核对", "Checking")
        await folded(bootstrap.database(settings), expected, timers=LoopTimers(), tell=live.tell)
        heard = Heard(
            by_caller={c.number: stage.heard_by(c) for c in CALLERS},
            by_counselor={
                desk.member.person.extension: desk.heard
                for desk in (stage.volunteer, stage.professional)
            },
            counselor_hertz={m.person.extension: m.hertz for m in members},
        )
        return judge(settings, bootstrap.database(settings), expected, since, heard)


async def _hire(settings: Settings, members: tuple[Member, ...]) -> None:
    store = bootstrap.queue_store(settings, SystemClock())
    try:
        roster = bootstrap.roster(settings, store)
        for member in members:
            await roster.add(member.person, member.password)
    finally:
        await store.close()


def _titles(name: str, doc: str) -> tuple[str, str]:
    titles = {
        "recorded_conversation": "一、同意录音的来电：菜单、排队、通话、挂断",
        "refused_recording": "二、按 8 拒绝录音：照常服务",
        "in_danger": "三、按 0：我有危险，排在等候者之前，转给危机咨询员",
        "declined_offer": "四、咨询员拒接：来电者保持原位",
        "abandoned": "五、无人在线：等待后挂断",
    }
    return titles.get(name, name), doc.strip()


def _show_verdict(verdict: Verdict, live: Live, console: Console) -> None:
    for check in verdict.checks:
        if not check["ok"]:
            console.print(
                f"[red]✗ {check['check']}: {check['found']!r}, not {check['wanted']!r}[/]",
                highlight=False,
            )
    passed = sum(check["ok"] for check in verdict.checks)
    live.title(
        f"{passed}/{len(verdict.checks)} 项核对通过",
        f"{passed}/{len(verdict.checks)} checks passed",
    )


async def _invite(settings: Settings, live: Live) -> None:
    """Tell whoever watches how to take part."""
    counselor, inhouse = cast.yours()
    await _hire(settings, (counselor, inhouse))
    edge = f"{settings.edge.address}:{settings.edge.port}"
    line = settings.lines[0].number
    live.title("平台保持运行；Ctrl-C 结束", "The platform stays up; Ctrl-C ends it")
    for member, zh, en in (
        (counselor, "咨询员：注册后拨 *11 就绪", "a counselor: register, dial *11 to be ready"),
        (inhouse, f"内线电话：拨 {line} 呼入热线", f"an in-house phone: dial {line} to call"),
    ):
        account = (
            f"sip:{member.person.extension}@{edge}  realm {settings.edge.realm}  "
            f"password {member.password}"
        )
        live.tell(f"{account}  {zh}", f"{account}  {en}")
