"""The words of the ledger: what codes, times and devices are called on a sheet. The sheets are Chinese.

They are part of the ledger's edition: a ledger of years ago must be recomputed to the letter, so a word
here is never changed, only chosen differently by a new edition.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction

from lmscompliance.kernel.clock import from_micros, shanghai
from lmscompliance.rules.verdict import NotMet

SECOND_US = 1_000_000
SUMMED = "分钟数由整秒折算，显示两位小数，合计为各行舍入前之和"
"""Why a sum of minutes may end on another hundredth than what is shown above it adds up to."""

REASONS = {
    "unverified_identity": "身份未核实",
    "duplicate": "重复登记",
    "before_approval": "核准前",
    "outside_window": "培训期限外",
    "outside_hours": "不在学习时段内",
    "not_live": "直播未开",
    "corrected": "人工更正",
    "overlap": "多处同时学习",
    "repeat": "重复学习",
    "over_length": "超出课时长",
    "daily_cap": "超过每日上限",
    "period_cap": "超过时段上限",
    "unanswered": "心跳未应答",
    "late": "断网补传超时",
    "too_fast": "进度过快",
    "page_hidden": "页面不可见",
    "paused": "暂停",
    "idle_gap": "无心跳",
    "presence_missed": "未通过在场验证",
    "awaiting_quiz": "待通过随堂测验",
}
UNMET = {
    "hours_short": "已完成 {have} 课时，须满 {need} 课时，差 {missing} 课时",
    "average_short": "平均每课时 {have} 分钟，不得少于 {need} 分钟",
    "average_unknown": "尚未学完任何课件，平均每课时不得少于 {need} 分钟",
    "topics_missing": "下列内容尚未学完任何课件：{topics}",
    "attendance_short": "线下课出勤率 {have}，须不低于 {need}",
    "exam_failed_no_subsidy": "{attempts} 次考核未通过，不得享受培训补贴",
    "subsidy_needs_training": "尚未完成培训",
    "subsidy_needs_exam": "考核尚未合格",
}
POLICY_STATUSES = {"in-force": "现行有效", "draft": "征求意见稿", "demo": "演示政策，不得用于申报"}
KINDS = {
    "single": "单选题",
    "multiple": "多选题",
    "true_false": "判断题",
    "fill_in": "填空题",
    "numeric": "数值题",
    "matching": "匹配题",
    "essay": "简答题",
}
SEXES = {"male": "男", "female": "女", "M": "男", "F": "女"}
METHODS = {
    "offline": "离线校验（结构、唯一性、交叉核对）",
    "http": "接口核验",
    "manual": "人工核验",
}
RESULTS = {"passed": "通过", "failed": "未通过", "pending": "待核验"}
PROOFS = {
    "itinerary": "行程卡",
    "household": "户籍证明",
    "residence": "居住证",
    "graduation": "毕业证明",
    "insurance": "参保证明",
    "other": "其他材料",
}
DOCUMENTS = {
    "application": "申请表",
    "plan": "教学计划",
    "commitment": "承诺书",
    "agreement": "平台协议",
    "output_proof": "产值证明",
    "award": "中标通知书",
    "evaluation": "专家评估意见",
    "licence": "培训资质证书",
    "other": "其他材料",
}
_SYSTEMS = (
    (re.compile(r"HarmonyOS"), "鸿蒙"),
    (re.compile(r"Android"), "Android"),
    (re.compile(r"iPhone"), "iPhone"),
    (re.compile(r"iPad"), "iPad"),
    (re.compile(r"Windows"), "Windows"),
    (re.compile(r"Mac OS X|Macintosh"), "macOS"),
    (re.compile(r"Linux|X11"), "Linux"),
)
_BROWSERS = (
    (re.compile(r"MicroMessenger/(\d+)"), "微信"),
    (re.compile(r"DingTalk/(\d+)"), "钉钉"),
    (re.compile(r"Edg(?:A|iOS)?/(\d+)"), "Edge"),
    (re.compile(r"QQBrowser/(\d+)"), "QQ浏览器"),
    (re.compile(r"UCBrowser/(\d+)"), "UC浏览器"),
    (re.compile(r"Firefox/(\d+)"), "Firefox"),
    (re.compile(r"(?:Chrome|CriOS)/(\d+)"), "Chrome"),
    (re.compile(r"Version/(\d+)[.\d]* (?:Mobile/\S+ )?Safari"), "Safari"),
)
_AGENT_LENGTH = 40


def named(words: Mapping[str, str], code: str) -> str:
    """Return the word for ``code``, or the code itself where there is none."""
    return words.get(code, code)


def minutes(seconds: int) -> Fraction:
    """Return whole seconds as minutes, exactly; a sheet shows two decimals."""
    return Fraction(seconds, 60)


def day(instant_us: int) -> str:
    """Return the Shanghai day of an instant."""
    return shanghai(from_micros(instant_us // SECOND_US * SECOND_US)).strftime("%Y-%m-%d")


def clock(instant_us: int, *, relative_to: str = "") -> str:
    """Return the Shanghai time of day to the second; with the day when it is not ``relative_to``."""
    stamp = moment(instant_us)
    return stamp[11:] if stamp[:10] == relative_to else stamp


def moment(instant_us: int | None) -> str:
    """Return day and time on the Shanghai clock, to the second below; empty for none."""
    if instant_us is None:
        return ""
    return shanghai(from_micros(instant_us // SECOND_US * SECOND_US)).strftime("%Y-%m-%d %H:%M:%S")


def excluded(seconds: Mapping[str, int]) -> str:
    """Return ``心跳中断 120 秒；页面隐藏 35 秒``."""
    return "；".join(f"{named(REASONS, reason)} {count} 秒" for reason, count in seconds.items())


def unmet(verdicts: Iterable[NotMet]) -> str:
    """Return what is missing and the clause that asks for it, verdict by verdict."""
    return "；".join(
        f"{named(UNMET, verdict.reason).format_map(verdict.params)}（{verdict.clause}）"
        for verdict in verdicts
    )


def decimal(value: Decimal) -> str:
    """Write a decimal with neither exponent nor idle zeros."""
    text = format(value, "f")
    return (text.rstrip("0").rstrip(".") or "0") if "." in text else text


def decimal_minutes(seconds: int) -> str:
    """Write seconds as minutes without idle zeros: 3600 is ``60``, 90 is ``1.5``."""
    return decimal(Decimal(seconds) / 60) if seconds % 3 == 0 else f"{seconds / 60:.2f}"


def terminal(agent: str) -> str:
    """Return a short name of a device from its user agent, such as ``Chrome 120 / Windows``.

    What is not recognised is shown as it came, cut to forty characters.
    """
    if known := recognised(agent):
        return known
    return agent if len(agent) <= _AGENT_LENGTH else agent[:_AGENT_LENGTH] + "…"


def recognised(agent: str) -> str:
    """Return what browsers and systems call themselves in a user agent; empty where nothing is known."""
    browser = next(
        (f"{name} {found[1]}" for pattern, name in _BROWSERS if (found := pattern.search(agent))), ""
    )
    system = next((name for pattern, name in _SYSTEMS if pattern.search(agent)), "")
    return " / ".join(part for part in (browser, system) if part)
