"""The exams room's public functions; each stands in the module of what it does."""

from lmscompliance.exams.answers import save
from lmscompliance.exams.closing import close_overdue, submit
from lmscompliance.exams.facts import attempt_facts, unlocked_at
from lmscompliance.exams.gate import UNLOCKED, Situation, unlock
from lmscompliance.exams.grading import CLOSED, Result
from lmscompliance.exams.item_statistics import Statistics, class_statistics
from lmscompliance.exams.publishing import default_blueprint, publish_blueprint
from lmscompliance.exams.regrading import REGRADED
from lmscompliance.exams.remarking import Remarking, remark, try_remark
from lmscompliance.exams.sheets import Change
from lmscompliance.exams.starting import Sitter, start
from lmscompliance.exams.viewing import ClosedPaper, OpenPaper, Reviewed, paper, situation

__all__ = [
    "CLOSED",
    "REGRADED",
    "UNLOCKED",
    "Change",
    "ClosedPaper",
    "OpenPaper",
    "Remarking",
    "Result",
    "Reviewed",
    "Sitter",
    "Situation",
    "Statistics",
    "attempt_facts",
    "class_statistics",
    "close_overdue",
    "default_blueprint",
    "paper",
    "publish_blueprint",
    "remark",
    "save",
    "situation",
    "start",
    "submit",
    "try_remark",
    "unlock",
    "unlocked_at",
]
