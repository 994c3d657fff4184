"""How many yuan a trainee earns, each explained (notice T32, W19–W21). Exact; fen are rounded down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction

from lmscompliance.kernel.messages import text
from lmscompliance.policy.notice import Notice
from lmscompliance.rules.blended import Share
from lmscompliance.rules.hours import rounded_down
from lmscompliance.rules.marking import exact_sum, plain
from lmscompliance.rules.verdict import Verdict, met, not_met


@dataclass(frozen=True, slots=True)
class Rates:
    """Yuan for each 课时; ``None``: nothing is stated."""

    online: Decimal | None = None
    offline: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Project:
    """What was agreed about a class's project: its name, occupation, rates, and what it overlaps with.

    ``overlap`` is the standard of the overlapping training by the hour, ``overlap_per_person`` by the head.
    """

    name: str
    occupation: str = ""
    level: int | None = None
    approved: Rates = Rates()
    overlap: Rates = Rates()
    overlap_per_person: Decimal | None = None


def project_under(notice: Notice, agreed: Project | None) -> Project:
    """Return a class's project with the name that repeats are found by.

    Where the notice is about one project, that is its name, whatever a class calls its own; else the one
    agreed for the class, or the notice's id until there is one.
    """
    known = agreed or Project(notice.id)
    return replace(known, name=notice.subsidy.project or known.name)


@dataclass(frozen=True, slots=True)
class Line:
    """One step of the sum: what it is (a code of this room's messages), its figures, clause and yuan."""

    what: str
    clause: str
    yuan: Decimal
    params: Mapping[str, str] = field(default_factory=dict)

    def message(self, locale: str = "zh_CN") -> str:
        """Return the step in words."""
        return text(f"rules.{self.what}", locale, **self.params)


@dataclass(frozen=True, slots=True)
class Amount:
    """The sum of its lines."""

    lines: tuple[Line, ...] = ()

    @property
    def yuan(self) -> Decimal:
        """All lines together."""
        return exact_sum(one.yuan for one in self.lines)


def rates_agreed(project: Project, share: Share, notice: Notice) -> list[Verdict]:
    """Judge whether there is a rate for every kind of hour, where the notice has it agreed by project."""
    rule = "subsidy.rate_by_project"
    if not notice.subsidy.rate_by_project:
        return []
    pairs = ((share.online, project.approved.online), (share.offline, project.approved.offline))
    if any(hours and rate is None for hours, rate in pairs):
        return [not_met(notice, rule, "rate_missing", project=project.name)]
    return [met(notice, rule, project=project.name)]


def amount(share: Share, project: Project, notice: Notice, spent_yuan: Decimal = Decimal(0)) -> Amount:
    """Return what the completed 课时 of ``share`` earn; ``spent_yuan`` was granted the same calendar year."""
    terms = notice.subsidy
    lines: list[Line] = []
    if terms.per_person is not None:
        params = {"yuan": plain(terms.per_person)}
        lines.append(Line("yuan_per_person", notice.cite("subsidy.per_person"), terms.per_person, params))
    for mode, hours in (("online", share.online), ("offline", share.offline)):
        lines += _by_hours(mode, hours, project, notice)
    over, figures = _over(lines, project.overlap_per_person if terms.overlap_caps else None)
    if over:
        lines.append(Line("yuan_over_overlap", notice.cite("subsidy.overlap_caps"), -over, figures))
    if terms.max_yuan_a_year is not None:
        over, figures = _over(lines, max(Decimal(0), exact_sum((terms.max_yuan_a_year, -spent_yuan))))
        figures |= {"cap": plain(terms.max_yuan_a_year), "spent": plain(spent_yuan)}
        if over:
            lines.append(Line("yuan_over_year", notice.cite("subsidy.max_yuan_a_year"), -over, figures))
    return Amount(tuple(lines))


def _by_hours(mode: str, hours: Decimal, project: Project, notice: Notice) -> list[Line]:
    key = f"subsidy.max_per_{mode}_hour"
    cap: Decimal | None = getattr(notice.subsidy, f"max_per_{mode}_hour")
    approved: Decimal | None = getattr(project.approved, mode) if notice.subsidy.rate_by_project else None
    overlap: Decimal | None = getattr(project.overlap, mode) if notice.subsidy.overlap_caps else None
    offered = ((cap, key), (approved, "subsidy.rate_by_project"), (overlap, "subsidy.overlap_caps"))
    known = [(rate, term) for rate, term in offered if rate is not None]
    # A standard of another training caps what there is; alone it promises nothing.
    if not hours or cap is None is approved:
        return []
    # Of equal ones the first is cited: the notice's own cap before what was agreed below it.
    rate, term = min(known, key=lambda one: one[0])
    yuan = rounded_down(Fraction(hours) * Fraction(rate))
    params = {
        "hours": plain(hours),
        "rate": plain(rate),
        "cap": _shown(cap),
        "approved": _shown(approved),
        "overlap": _shown(overlap),
        "yuan": plain(yuan),
    }
    return [Line(f"yuan_{mode}", notice.cite(term), yuan, params)]


def _shown(rate: Decimal | None) -> str:
    return "—" if rate is None else plain(rate)


def _over(lines: list[Line], limit: Decimal | None) -> tuple[Decimal, dict[str, str]]:
    """Return what is over ``limit``, and the figures of the line that takes it off."""
    total = exact_sum(one.yuan for one in lines)
    if limit is None or total <= limit:
        return Decimal(0), {}
    over = exact_sum((total, -limit))
    return over, {"limit": plain(limit), "yuan": plain(over)}
