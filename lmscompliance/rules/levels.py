"""Levels of an occupation (职业技能等级): from five, the lowest, to one."""

from __future__ import annotations

_WORDS = {
    "五级": 5, "四级": 4, "三级": 3, "二级": 2, "一级": 1,
    "初级工": 5, "中级工": 4, "高级工": 3, "技师": 2, "高级技师": 1,
}  # fmt: skip


def level_name(level: int | None) -> str:
    """Return a level as forms and tables write it (``四级``); empty where there is none."""
    return "" if level is None else f"{'一二三四五'[level - 1]}级"


def level_of(text: str) -> int | None:
    """Return the level that a cell names (``3``, ``三级``, ``三级/高级工``); ``None`` where it names none."""
    for part in text.replace("（", "/").replace("(", "/").strip("）)").split("/"):
        word = part.strip().removesuffix("级") if part.strip()[:1].isdigit() else part.strip()
        if word in set("12345"):
            return int(word)
        if word in _WORDS:
            return _WORDS[word]
    return None
