"""The words of the ledger: what codes, times and devices are called on a sheet. The sheets are Chinese.

They are part of the ledger's edition: a ledger of years ago must be recomputed to the letter, so a word
here is never changed, only chosen differently by a new edition.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

from lmscompliance.kernel.clock import from_micros, shanghai
from lmscompliance.kernel.jcs import Json
from lmscompliance.rules.verdict import NotMet

SECOND_US = 1_000_000

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
PARAMETERS = {
    "window.starts_on": "培训期限起",
    "window.ends_on": "培训期限止",
    "topics.required": "培训内容",
    "hours.min_total": "总课时不少于",
    "hours.min_average_minutes": "平均每课时不少于（分钟）",
    "hours.minutes_per_class_hour": "折合课时:每课时分钟数",
    "hours.min_each_minutes": "每课时均不少于（分钟）",
    "hours.completion_ratio": "课件完成比例",
    "credit.beat_seconds": "心跳间隔（秒）",
    "credit.max_gap_seconds": "心跳最大间隔（秒）",
    "credit.segment_seconds": "学习片段最长（秒）",
    "credit.max_rate_permille": "最快播放倍速（‰）",
    "credit.answered_only": "心跳须应答服务器方可计时",
    "credit.late_window_seconds": "断网补传时限（秒）",
    "credit.position_tolerance_ms": "播放位置容差（毫秒）",
    "credit.lesson_cap_permille": "单课件计时上限（‰）",
    "credit.repeat_after_permille": "学满此比例后再学为重复（‰）",
    "credit.daily_cap_seconds": "每日计时上限（秒）",
    "credit.daily_cap_class_hours": "每日计时上限（课时）",
    "credit.hours_of_day": "可计时的时段",
    "credit.period_caps": "时段计时上限（时段/秒）",
    "credit.after_approval": "核准后方可计时",
    "credit.simultaneous": "同时学习的处理",
    "credit.countable_states": "可计时的播放状态",
    "credit.reading_idle_seconds": "阅读无操作视为暂停（秒）",
    "credit.reading_share_permille": "阅读每部分用时上限（‰）",
    "credit.precedence": "扣除原因的优先顺序",
    "reported.idle_minutes": "转入记录:无操作超过（分钟）即为一次结束",
    "reported.credited": "转入记录计入学时",
    "dispute.days": "计时异议期限（天）",
    "anomaly.regular_beats": "异常提示:心跳过匀所需次数",
    "anomaly.regular_spread_ms": "异常提示:心跳过匀的幅度（毫秒）",
    "anomaly.drift_seconds": "异常提示:时钟比对所需播放（秒）",
    "anomaly.drift_permille": "异常提示:页面时钟偏快（‰）",
    "anomaly.unbroken_seconds": "异常提示:连续不间断学习（秒）",
    "anomaly.linear_tolerance_ms": "异常提示:不间断学习的位置容差（毫秒）",
    "anomaly.day_seconds": "异常提示:单日学习超过（秒）",
    "anomaly.rest_seconds": "异常提示:二十四小时内休息少于（秒）",
    "anomaly.hidden_seconds": "异常提示:单日页面不可见达到（秒）",
    "anomaly.hidden_permille": "异常提示:页面不可见占比（‰）",
    "anomaly.quick_answers": "异常提示:单日作答过快（次）",
    "anomaly.quick_answer_ms": "异常提示:作答过快指少于（毫秒）",
    "anomaly.unanswered_beats": "异常提示:单日未带应答的心跳（次）",
    "anomaly.late_seconds": "异常提示:单日补报达（秒）",
    "anomaly.late_permille": "异常提示:补报占比（千分比）",
    "anomaly.lockstep_sessions": "异常提示:两人同起同止（次）",
    "anomaly.lockstep_tolerance_ms": "异常提示:同起同止的容差（毫秒）",
    "anomaly.lockstep_permille": "异常提示:同起同止占比（‰）",
    "anomaly.lockstep_persons": "异常提示:同起同止人数",
    "anomaly.address_persons": "异常提示:单日同一地址人数",
    "anomaly.device_persons": "异常提示:单日同一终端人数",
    "anomaly.person_addresses": "异常提示:一人地址数",
    "anomaly.person_addresses_seconds": "异常提示:一人地址数的时间范围（秒）",
    "delivery.max_online_share": "线上课时占比上限",
    "delivery.on_excess": "线上课时超出占比时",
    "delivery.live_by_host": "直播课以主持人开播为准",
    "attendance.rotate_seconds": "签到码轮换间隔（秒）",
    "attendance.code_seconds": "签到码有效时间（秒）",
    "attendance.open_minutes": "开课前可签到（分钟）",
    "attendance.close_minutes": "下课后可签退（分钟）",
    "attendance.late_minutes": "开课后多久到场不作迟到（分钟）",
    "attendance.early_minutes": "下课前多久离场不作早退（分钟）",
    "attendance.requires_sign_out": "线下课须签退",
    "attendance.requires_cosign": "线下课须教师确认",
    "attendance.deducts_missed": "迟到早退扣减时长",
    "attendance.completion_ratio": "线下课完成比例",
    "attendance.min_rate": "出勤率不低于",
    "presence.per_day": "在场验证每日最多（次）",
    "presence.min_interval_seconds": "在场验证最短间隔（秒）",
    "presence.max_interval_seconds": "在场验证最长间隔（秒）",
    "presence.answer_seconds": "在场验证作答时限（秒）",
    "presence.accessible_answer_seconds": "在场验证放宽时限（秒）",
    "presence.methods": "在场验证方式（按先后）",
    "presence.missed_voids": "错过在场验证的处理",
    "presence.make_up_seconds": "补验期限（秒）",
    "presence.make_up_per_day": "补验每日最多（次）",
    "exam.full_marks": "考核满分",
    "exam.pass_mark": "合格分数线",
    "exam.attempts": "考核次数",
    "exam.duration_seconds": "考核时限（秒）",
    "exam.grace_seconds": "交卷宽限（秒）",
    "exam.accessible_extra_permille": "考核放宽时限（千分之）",
    "exam.min_questions_per_topic": "每类内容最少题数",
    "exam.requires_training": "完成培训后方可考核",
    "exam.multiple_marking": "多选题评分办法",
    "exam.matching_marking": "匹配题评分办法",
    "exam.essay_tolerance_permille": "简答题两人评分最大差（该题分值的千分之）",
    "exam.essay_third_mark": "简答题第三人评分办法",
    "subsidy.requires": "享受补贴的条件",
    "subsidy.per_person": "补贴标准（元/人）",
    "subsidy.max_per_online_hour": "线上课时补贴上限（元）",
    "subsidy.max_per_offline_hour": "线下课时补贴上限（元）",
    "subsidy.rate_by_project": "补贴标准一事一议",
    "subsidy.overlap_caps": "重合项目标准封顶",
    "subsidy.max_yuan_a_year": "每人每年补贴上限（元）",
    "subsidy.insured_months": "须正常缴纳社保的月份",
    "subsidy.max_trainings": "每人补贴次数上限",
    "subsidy.trainings_within": "补贴次数计算期间",
    "subsidy.same_project_within": "同一项目不得重复的期间",
    "subsidy.same_occupation_within": "同一职业同一等级不得重复的期间",
    "subsidy.higher_bars_lower": "享受高等级后不再享受低等级",
    "subsidy.categories": "培训对象",
    "subsidy.excludes": "不享受补贴的名单",
    "subsidy.min_age": "年龄下限（周岁）",
    "subsidy.max_age_male": "男性年龄须低于（周岁）",
    "subsidy.max_age_female": "女性年龄须低于（周岁）",
    "subsidy.claim_from": "补贴申报自",
    "subsidy.claim_until": "补贴申报至",
    "filing.apply_until": "培训申请截止",
    "filing.opening_working_days": "开班前须备案（工作日）",
    "filing.documents": "申请材料",
    "filing.agreement": "须与学习平台签订协议",
    "filing.min_output_yuan": "企业年产值须高于（元）",
    "filing.above_scale": "须为规模以上企业",
    "filing.review_working_days": "审核时限（工作日）",
    "proofs.kinds": "证明材料",
    "proofs.itinerary_from": "行程卡须覆盖自",
    "proofs.itinerary_to": "行程卡须覆盖至",
    "proofs.itinerary_days": "一张行程卡显示天数",
    "proofs.itinerary_counts_today": "行程卡截图当天计入",
    "proofs.consent_version": "证明材料同意书版本",
    "proofs.consent_zh": "证明材料同意书（中文）",
    "proofs.consent_en": "证明材料同意书（英文）",
    "evidence.max_lag_seconds": "存证至外部时间证明最久（秒）",
    "evidence.max_ahead_seconds": "记录时间最多晚于外部证明（秒）",
    "identity.pending_blocks_credit": "待核验期间不计",
    "identity.failed_blocks_credit": "核验未通过不计",
    "identity.suspicion_blocks_credit": "冒名嫌疑期间不计",
    "identity.recheck_before_exam": "考前再次核验",
    "identity.recheck_seconds": "考前核验有效（秒）",
    "identity.photo_consent_version": "核验照片同意书版本",
    "identity.photo_consent_zh": "核验照片同意书（中文）",
    "identity.photo_consent_en": "核验照片同意书（英文）",
    "retention.years": "台账留存（年）",
    "retention.addresses_extra_months": "IP地址与终端另加留存月数",
    "retention.proofs_extra_months": "证明材料另加留存月数",
    "retention.accounts_extra_months": "账号另加留存月数",
    "retention.identity_extra_months": "身份信息另加留存月数",
    "retention.photos_months": "实名核验照片留存月数",
    "consent.version": "同意书版本",
    "consent.text_zh": "同意书（中文）",
    "consent.text_en": "同意书（英文）",
}

PROOFS = {
    "itinerary": "行程卡",
    "household": "户籍证明",
    "residence": "居住证",
    "graduation": "毕业证明",
    "insurance": "参保证明",
    "other": "其他材料",
}
_VALUES = (
    REASONS
    | PROOFS
    | {
        "refuse": "不予发布",
        "override": "说明理由后方可发布，理由存证",
        "warn": "提示后可发布",
        "all_or_nothing": "全部正确得分，否则不得分",
        "no_wrong": "错选不得分，少选按选对比例得分",
        "balanced": "按选对比例得分，每多选一项扣一项",
        "each_pair": "按正确配对比例得分",
        "nearest": "与前两人中较接近的评分取平均",
        "decides": "以第三人评分为准",
        "latest_started": "以最后开始的一次为准",
        "since_last_passed": "自上次通过起不计，至再次通过",
        "within_session": "本次学习内自上次通过起不计，至再次通过",
        "nothing": "只记录",
        "question": "答课程题",
        "arithmetic": "口算",
        "tap": "点按确认",
        "sms": "短信验证码",
        "face": "人脸比对",
        "playing": "播放中",
        "hidden": "页面隐藏",
        "ended": "播放结束",
        "training": "完成培训",
        "exam": "考核合格",
        "social_insurance": "正常缴纳社会保险",
    }
)
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
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
    browser = next(
        (f"{name} {found[1]}" for pattern, name in _BROWSERS if (found := pattern.search(agent))), ""
    )
    system = next((name for pattern, name in _SYSTEMS if pattern.search(agent)), "")
    if browser or system:
        return " / ".join(part for part in (browser, system) if part)
    return agent if len(agent) <= _AGENT_LENGTH else agent[:_AGENT_LENGTH] + "…"


def value(stated: object) -> str:
    """Return a policy value for people: lists joined, codes in words, decimals plain."""
    if isinstance(stated, bool):
        return "是" if stated else "否"
    if isinstance(stated, Decimal):
        return decimal(stated)
    if isinstance(stated, tuple):
        return "、".join(value(part) for part in stated) or "无"
    return "未规定" if stated is None else named(_VALUES, str(stated))


def options(item: Mapping[str, Json]) -> str:
    """Return a question's options, lettered, one a line; both columns of a matching question."""
    shown = item.get("options")
    if isinstance(shown, dict):
        left, right = _texts(shown.get("left")), _texts(shown.get("right"))
        lines = [f"{number}. {text}" for number, text in enumerate(left, 1)]
        return "\n".join(lines + [f"{_letter(place)}. {text}" for place, text in enumerate(right)])
    return "\n".join(f"{_letter(place)}. {text}" for place, text in enumerate(_texts(shown)))


def answer(item: Mapping[str, Json]) -> str:
    """Return a question's right answer in words."""
    key = item.get("key")
    kind, shown = item.get("kind"), item.get("options")
    if not isinstance(key, list):
        return ""
    if kind == "true_false":
        return "正确" if key[:1] == [True] else "错误"
    if kind in {"single", "multiple"}:
        texts = _texts(shown)
        places = sorted(place for place in key if isinstance(place, int) and 0 <= place < len(texts))
        return "\n".join(f"{_letter(place)}. {texts[place]}" for place in places)
    if kind == "matching":
        return "；".join(
            f"{number}-{_letter(place)}" for number, place in enumerate(key, 1) if isinstance(place, int)
        )
    if kind == "numeric":
        return " 或 ".join(_with_tolerance(part) for part in key)
    return " 或 ".join(map(str, key))


def answer_texts(item: Mapping[str, Json]) -> list[str]:
    """Return a question's right answer free of the order in which this paper shows its options."""
    key, shown = item.get("key"), item.get("options")
    places = [place for place in key if type(place) is int] if isinstance(key, list) else []
    if isinstance(shown, dict):
        left, right = _texts(shown.get("left")), _texts(shown.get("right"))
        pairs = zip(left, places, strict=False)
        return sorted(f"{text}\n{right[place] if 0 <= place < len(right) else ''}" for text, place in pairs)
    texts = _texts(shown)
    if texts and places:
        return sorted(texts[place] for place in places if 0 <= place < len(texts))
    return [str(part) for part in key] if isinstance(key, list) else []


def points(item: Mapping[str, Json]) -> Decimal:
    """Return what a question is worth."""
    return Decimal(str(item.get("points")))


def _with_tolerance(part: Json) -> str:
    if not isinstance(part, list):
        return str(part)
    exact = len(part) < 2 or str(part[1]).strip("0.") == ""  # noqa: PLR2004  # value and tolerance
    return str(part[0]) if exact and part else "±".join(map(str, part))


def _letter(place: int) -> str:
    return _LETTERS[place] if 0 <= place < len(_LETTERS) else str(place + 1)


def _texts(values: Json) -> Sequence[str]:
    return [str(text) for text in values] if isinstance(values, list) else []
