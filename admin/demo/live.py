"""Each step of a call as one line in the terminal, when it happens."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from rich.console import Console

from hotline import events as e
from hotline.events import Event

WORDS: dict[type[Event], tuple[str, str]] = {
    e.InviteReceived: ("来电 {dnis}，线路 {trunk}", "a call to {dnis} over {trunk}"),
    e.CallAnswered: ("已接通，播放录音告知", "answered; hears the notice of recording"),
    e.ConsentGiven: ("同意录音", "agrees to recording"),
    e.ConsentRefused: ("拒绝录音，继续服务", "refuses recording, and is served"),
    e.MenuFinished: ("菜单：{topic}（{outcome}）", "menu: {topic} ({outcome})"),
    e.ContactQueued: (
        "进入队列：{topic}，优先级 {priority}",
        "waits: {topic}, priority {priority}",
    ),
    e.ContactOffered: ("振铃 → 咨询员 {counselor}", "rings at counselor {counselor}"),
    e.OfferMissed: ("{counselor} 未接，回到原位", "{counselor} missed it; back in its place"),
    e.OfferDeclined: ("{counselor} 拒接，回到原位", "{counselor} declined; back in its place"),
    e.OfferFailed: ("{counselor} 无法接通，回到原位", "{counselor} unreachable; back in its place"),
    e.ContactAnswered: ("与 {counselor} 通话中", "talks with {counselor}"),
    e.RecordingStarted: ("双轨录音开始", "both tracks are recorded"),
    e.RecordingStopped: ("录音结束", "recording stopped"),
    e.CallerLeft: ("来电者挂断：{termination.result}", "the caller hung up: {termination.result}"),
    e.ContactForwarded: ("合作热线接听", "a partner's line answers"),
    e.PartnerLeft: ("合作热线挂断：{termination.result}", "the partner hung up"),
    e.MessageLeft: ("来电者已留言", "the caller left a message"),
    e.CounselorLeft: ("咨询员挂断：{termination.result}", "the counselor hung up"),
    e.CounselorStateChanged: ("{previous} → {state} {reason}", "{previous} -> {state} {reason}"),
    e.AlarmRaised: ("警报 {kind}：{detail}", "alarm {kind}: {detail}"),
}
"""What is shown of each event, in Chinese and in English; any other shows its name."""

COLOURS = ("cyan", "magenta", "yellow", "green", "blue", "red")


class Live:
    """Prints events; each subject keeps its colour."""

    def __init__(self, console: Console, *, language: str, zone: ZoneInfo) -> None:
        self._console = console
        self._language = language
        self._zone = zone
        self._colours: dict[str, str] = {}

    def show(self, event: Event) -> None:
        """Print one event."""
        colour = self._colours.setdefault(event.subject, COLOURS[len(self._colours) % len(COLOURS)])
        pair = WORDS.get(type(event))
        name = type(event).__name__
        text = pair[self._language != "zh"].format_map(_Facts(event)) if pair else name
        at = event.at.astimezone(self._zone)
        self._console.print(
            f"[dim]{at:%H:%M:%S}.{at.microsecond // 100000}[/] "
            f"[{colour}]{event.subject[:8]:<9}[/] {text} [dim]{name if pair else ''}[/]",
            highlight=False,
        )

    def say(self, text: str) -> None:
        """Print a line of progress."""
        self._console.print(f"[dim]  {text}[/]", highlight=False)

    def tell(self, zh: str, en: str) -> None:
        """Print a line of progress in the site's language."""
        self.say(zh if self._language == "zh" else en)

    def title(self, zh: str, en: str) -> None:
        """Print a heading."""
        self._console.print(f"\n[bold]{zh if self._language == 'zh' else en}[/]", highlight=False)


class _Facts(dict[str, object]):
    """An event's fields by name, for ``str.format_map``."""

    def __init__(self, event: Event) -> None:
        super().__init__()
        self._event = event

    def __missing__(self, name: str) -> object:
        return getattr(self._event, name)
