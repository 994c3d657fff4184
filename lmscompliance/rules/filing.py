"""Whether a class can be filed: its documents, its plan, and what the enterprise declares (T2, T8, T15)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from lmscompliance.kernel.messages import text
from lmscompliance.policy.notice import Notice
from lmscompliance.rules.verdict import Verdict, met, not_met


@dataclass(frozen=True, slots=True)
class Filed:
    """What there is of a filing: kinds of stamped documents, and what the enterprise declares of itself.

    ``output_yuan`` is the yearly output, ``above_scale`` whether it is above the designated size; ``None``
    where nothing was declared.
    """

    documents: Collection[str]
    output_yuan: int | None = None
    above_scale: bool | None = None


def completeness(filed: Filed, notice: Notice) -> list[Verdict]:
    """Judge what the notice asks for before a class is filed."""
    terms = notice.filing
    verdicts: list[Verdict] = []
    if terms.documents:
        rule = "filing.documents"
        missing = [text(f"rules.document_{one}") for one in terms.documents if one not in filed.documents]
        if missing:
            verdicts.append(not_met(notice, rule, "documents_missing", documents="、".join(missing)))
        else:
            verdicts.append(met(notice, rule, count=str(len(terms.documents))))
    if terms.agreement:
        rule = "filing.agreement"
        there = "agreement" in filed.documents
        verdicts.append(met(notice, rule) if there else not_met(notice, rule, "agreement_missing"))
    if terms.min_output_yuan is not None:
        rule, need = "filing.min_output_yuan", str(terms.min_output_yuan)
        if filed.output_yuan is None:
            verdicts.append(not_met(notice, rule, "output_unknown", need=need))
        elif filed.output_yuan <= terms.min_output_yuan:
            verdicts.append(not_met(notice, rule, "output_low", have=str(filed.output_yuan), need=need))
        elif "output_proof" not in filed.documents:
            verdicts.append(not_met(notice, rule, "output_unproven", have=str(filed.output_yuan)))
        else:
            verdicts.append(met(notice, rule, have=str(filed.output_yuan), need=need))
    if terms.above_scale:
        rule = "filing.above_scale"
        verdicts.append(met(notice, rule) if filed.above_scale else not_met(notice, rule, "below_scale"))
    return verdicts
