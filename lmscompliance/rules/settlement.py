"""Who is paid how much when several claim, perhaps for the same people (notice T33, W23–W25).

Claims are settled in the order in which they were handed in, whatever order they come in here; what is
granted to a person counts against everything of theirs that comes later, in any enterprise's claim.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from lmscompliance.policy.notice import Notice
from lmscompliance.rules import entitlement, subsidy
from lmscompliance.rules.blended import Share
from lmscompliance.rules.entitlement import Grant
from lmscompliance.rules.marking import exact_sum
from lmscompliance.rules.subsidy import Amount, Project
from lmscompliance.rules.verdict import NotMet, Verdict


@dataclass(frozen=True, slots=True)
class Claimed:
    """A trainee of a claim. ``person`` stands for the human being in every class and enterprise alike.

    ``share`` are the completed 课时, ``verdicts`` what training, exam and the person's own facts gave.
    """

    claim: str
    submitted_us: int
    person: str
    grant: Grant
    project: Project
    share: Share
    verdicts: tuple[Verdict, ...]
    notice: Notice


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether the trainee is subsidised, by every verdict, and with how much.

    ``earlier`` is what the same person was granted before, as far as it was judged beside.
    """

    verdicts: tuple[Verdict, ...]
    amount: Amount
    earlier: tuple[Grant, ...] = ()

    @property
    def granted(self) -> bool:
        """Whether every condition is met."""
        return all(one.met for one in self.verdicts)

    @property
    def missing(self) -> tuple[NotMet, ...]:
        """The conditions that are not met."""
        return tuple(one for one in self.verdicts if isinstance(one, NotMet))


def settle(
    claimed: Iterable[Claimed], history: Mapping[str, Iterable[Grant]]
) -> dict[tuple[str, str], Decision]:
    """Return the decision about each trainee, by claim and grant; ``history`` is by person."""
    before: defaultdict[str, dict[str, Grant]] = defaultdict(dict)
    for person, grants in history.items():
        before[person] = {one.id: one for one in grants}
    decided: dict[tuple[str, str], Decision] = {}
    for one in sorted(claimed, key=lambda one: (one.submitted_us, one.claim, one.grant.id)):
        decision = _decide(one, before[one.person])
        decided[one.claim, one.grant.id] = decision
        if decision.granted:
            granted = replace(one.grant, yuan=decision.amount.yuan)
            before[one.person][granted.id] = granted
    return decided


def _decide(one: Claimed, before: Mapping[str, Grant]) -> Decision:
    earlier = sorted(
        (grant for grant in before.values() if grant.id != one.grant.id),
        key=lambda grant: (grant.day, grant.id),
    )
    verdicts = (
        *one.verdicts,
        *entitlement.of_history(one.grant, earlier, one.notice),
        *subsidy.rates_agreed(one.project, one.share, one.notice),
    )
    if not all(verdict.met for verdict in verdicts):
        return Decision(verdicts, Amount(), tuple(earlier))
    spent = exact_sum(grant.yuan for grant in earlier if grant.day.year == one.grant.day.year)
    return Decision(verdicts, subsidy.amount(one.share, one.project, one.notice, spent), tuple(earlier))
