"""What the simulator's tables and drawings say, in the site's languages."""

from __future__ import annotations

from dataclasses import dataclass

from hotline.config import Language
from hotline.events import Priority
from queueing.routing.skills import CounselorKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """One language's words; the terms are those of `hotline stats` and of the domain."""

    offered: str
    answered: str
    abandoned: str
    short: str
    open: str
    redials: str
    level: str
    asa: str
    aht: str
    longest: str
    occupancy: str
    spread: str
    own_district: str
    on_duty: str
    busy: str
    counselors: str
    hour: str
    node: str
    priority: str
    kind: str
    figure: str
    value: str
    target: str
    minutes: str
    seconds: str
    runs: str
    target_note: str
    short_note: str
    interval_note: str
    one_run_note: str
    open_note: str
    priorities: dict[Priority, str]
    kinds: dict[CounselorKind, str]
    load: str
    pool: str
    pools: str
    each: str
    total: str
    waits: str
    abandons: str


WORDS: dict[Language, Words] = {
    "zh": Words(
        offered="来电",
        answered="接听",
        abandoned="放弃",
        short="短时放弃",
        open="无人可接",
        redials="其中重拨",
        level="{0} 秒接听率",
        asa="平均等待",
        aht="平均处理时长",
        longest="最长等待",
        occupancy="占用率",
        spread="其中最闲 – 最忙者",
        own_district="本区接听率",
        on_duty="在岗",
        busy="忙碌",
        counselors="咨询员",
        hour="时段",
        node="层级",
        priority="优先级",
        kind="人员类别",
        figure="指标",
        value="数值",
        target="目标",
        minutes="分",
        seconds="秒",
        runs="模拟 {0} 次 · 种子 {1} · 分配方案 {2}",
        target_note="{0} 目标：{1} 秒内接听 {2}。",
        short_note="短时放弃：排队不足 {0} 秒即挂断，单独计数，不计入接听率的分母。",
        interval_note="± 为 95% 置信区间的半宽。",
        one_run_note="只模拟了一次，没有置信区间；用 --runs 20 得到区间。",
        open_note="有来电在结束时仍在等待：班次之后再无人可接。",
        priorities={
            Priority.CRISIS: "危机",
            Priority.HIGH_RISK: "高风险",
            Priority.CALLBACK: "回拨",
            Priority.NORMAL: "一般",
        },
        kinds={
            CounselorKind.VOLUNTEER: "志愿者",
            CounselorKind.PROFESSIONAL: "专业人员",
            CounselorKind.SUPERVISOR: "督导",
        },
        load="话务量",
        pool="合并为一组",
        pools="分成 {0} 组",
        each="每组",
        total="共需",
        waits="需等待",
        abandons="放弃率",
    ),
    "en": Words(
        offered="offered",
        answered="answered",
        abandoned="abandoned",
        short="short",
        open="nobody left",
        redials="redials in it",
        level="in {0} s",
        asa="ASA",
        aht="AHT",
        longest="longest",
        occupancy="occupancy",
        spread="least – most busy one",
        own_district="own district",
        on_duty="on duty",
        busy="busy",
        counselors="counselors",
        hour="hour",
        node="node",
        priority="priority",
        kind="kind",
        figure="figure",
        value="value",
        target="target",
        minutes="min",
        seconds="s",
        runs="{0} runs · seed {1} · plan {2}",
        target_note="{0} target: {2} answered in {1} s.",
        short_note="short: left within {0} s of waiting; apart, and not in the service level.",
        interval_note="± is half the width of the 95 % confidence interval.",
        one_run_note="One run alone has no confidence interval; --runs 20 gives one.",
        open_note="Some still waited at the end: after the shifts nobody was there to answer.",
        priorities={priority: priority.replace("_", " ") for priority in Priority},
        kinds={kind: str(kind) for kind in CounselorKind},
        load="load",
        pool="one pool",
        pools="{0} pools",
        each="each",
        total="in all",
        waits="wait",
        abandons="give up",
    ),
}
