"""Sitting an exam with a chosen share of right answers.

The server never shows a key while an attempt is open, so the cast brings its own answer sheet, made from
the very banks that were imported.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Generator, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from lmscompliance.demo.client import Browser
from lmscompliance.kernel.ids import Ids

_API = "/compliance/api"
_CREATED = 201
_SAVE_EVERY = 5
_SECONDS_A_QUESTION = 40


class Known(Protocol):
    """A question of the bank, with its key."""

    @property
    def stem(self) -> str:
        """The question's text."""
        ...

    @property
    def kind(self) -> str:
        """How it is answered."""
        ...

    @property
    def options(self) -> Sequence[str]:
        """What there is to choose from."""
        ...

    @property
    def key(self) -> Any:
        """What is right."""
        ...


class AnswerSheet:
    """Looks a shown question up in the bank and answers it, rightly or wrongly."""

    def __init__(self, questions: Sequence[Known]) -> None:
        self._by_stem: dict[str, list[Known]] = defaultdict(list)
        for question in questions:
            self._by_stem[question.stem].append(question)

    def answer(self, item: dict[str, Any], *, rightly: bool) -> list[Any]:
        """Return an answer to ``item`` in the form the interface takes."""
        right = self._right(item)
        if rightly:
            return right
        kind = item["kind"]
        if kind == "true_false":
            return [not right[0]]
        if kind in {"single", "multiple"}:
            others = [index for index in range(len(item["options"])) if index not in right]
            return others[:1] or right[:1]
        if kind == "matching":
            return right[1:] + right[:1]
        return ["不清楚"]

    def _right(self, item: dict[str, Any]) -> list[Any]:
        kind, shown = item["kind"], item["options"]
        for known in self._by_stem[item["stem"]]:
            if known.kind != kind:
                continue  # a bank may ask the same in two ways
            if kind in {"single", "multiple"}:
                if sorted(known.options) == sorted(shown):
                    return sorted(shown.index(known.options[index]) for index in known.key)
            elif kind == "matching":
                pairs = dict(known.key)
                if set(shown["left"]) == set(pairs):
                    return [shown["right"].index(pairs[left]) for left in shown["left"]]
            elif kind == "numeric":
                return [known.key[0][0]]
            else:
                return [known.key[0]]
        msg = f"the answer sheet has no question {item['stem']!r}"
        raise LookupError(msg)


class Examinee:
    """One trainee's way of sitting the exam of a class."""

    def __init__(self, sheet: AnswerSheet, ids: Ids, class_id: str) -> None:
        self._sheet = sheet
        self._ids = ids
        self._class_id = class_id

    def try_start(self, browser: Browser) -> str:
        """Ask for an attempt that must be refused; returns the refusal's code."""
        browser.get(f"/compliance/classes/{self._class_id}/exam")
        answer = browser.send_json("POST", f"{_API}/exams/{self._class_id}/attempts", {})
        return "" if answer.status == _CREATED else str(answer.data["code"])

    def sit(self, browser: Browser, at: datetime, percent: int) -> Generator[datetime, None, str]:
        """Take an attempt from ``at``, about ``percent`` of it right; returns a refusal's code or ``""``."""
        browser.get(f"/compliance/classes/{self._class_id}/exam")
        answer = browser.send_json("POST", f"{_API}/exams/{self._class_id}/attempts", {})
        if answer.status != _CREATED:
            return str(answer.data["code"])
        opened = answer.data
        items: list[dict[str, Any]] = opened["items"]
        right = self._pick(len(items), percent)
        url = f"{_API}/attempts/{opened['attempt']}"
        answers: dict[str, Any] = {}
        seq: int = opened["seq"]
        for place, item in enumerate(items):
            answers[str(item["no"])] = self._sheet.answer(item, rightly=place in right)
            if (place + 1) % _SAVE_EVERY == 0:
                yield at + timedelta(seconds=_SECONDS_A_QUESTION * (place + 1))
                seq += 1
                browser.send_json("PUT", f"{url}/answers", {"seq": seq, "answers": answers}, 200)
        yield at + timedelta(seconds=_SECONDS_A_QUESTION * (len(items) + 1))
        browser.send_json("POST", f"{url}/submit", {"seq": seq + 1, "answers": answers}, 200)
        return ""

    def _pick(self, count: int, percent: int) -> frozenset[int]:
        order = list(range(count))
        for last in range(count - 1, 0, -1):
            other = self._ids.below(last + 1)
            order[last], order[other] = order[other], order[last]
        return frozenset(order[: count * percent // 100])
