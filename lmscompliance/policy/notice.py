"""One notice with all its terms: what a class is bound to when it is filed, and keeps for ever."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from lmscompliance.kernel import jcs
from lmscompliance.kernel.jcs import Json
from lmscompliance.kernel.messages import DEFAULT_LOCALE, LOCALES
from lmscompliance.policy import schema
from lmscompliance.policy.schema import Value
from lmscompliance.policy.terms import (
    AnomalyTerms,
    AttendanceTerms,
    CertificateTerms,
    ConsentTerms,
    CreditTerms,
    DeliveryTerms,
    DisputeTerms,
    EvidenceTerms,
    ExamTerms,
    FilingTerms,
    HoursTerms,
    IdentityTerms,
    PresenceTerms,
    ProctorTerms,
    ProofTerms,
    QuizTerms,
    ReportedTerms,
    RetentionTerms,
    SubsidyTerms,
    TopicTerms,
    WindowTerms,
)


@dataclass(frozen=True, slots=True)
class Citation:
    """What a value rests on, in each language."""

    words: Mapping[str, str]

    def message(self, locale: str = DEFAULT_LOCALE) -> str:
        """Return it in ``locale``."""
        return self.words.get(locale) or self.words[DEFAULT_LOCALE]


STATUSES = ("in-force", "draft", "demo")
FORMAT = 1

_NOT_STATED = {"zh_CN": "本班备案内容", "en": "as filed for this class"}
_HOUSE = {"zh_CN": "平台规则(通知未作规定)", "en": "platform rule (the notice is silent)"}
_SUPPOSED = "假设的数值"
_HOUSE_RULE = {"zh_CN": "平台规则", "en": "platform rule"}


@dataclass(frozen=True, slots=True)
class Source:
    """Where a value comes from: a clause of the notice, quoted, or the house, with its rationale.

    ``document`` is that of the notice a layer took the value over from; empty for one's own.
    """

    kind: str
    clause: str = ""
    quote: str = ""
    rationale: str = ""
    document: str = ""


@dataclass(frozen=True, slots=True)
class Given:
    """A parameter's value together with its source."""

    value: Value
    source: Source


@dataclass(frozen=True)
class Notice:
    """A version of a bureau's notice, merged with the house values it was written against.

    ``parameters`` holds what notice and house state; the typed terms are derived from it, a parameter
    stated nowhere taking its ``absent`` value. Equality and ``digest`` follow ``effective_json``.
    """

    id: str
    version: int
    status: str
    title: str
    document: str
    effective_from: date
    effective_to: date | None
    defaults_edition: int
    parameters: dict[str, Given] = field(hash=False)
    supersedes: tuple[str, ...] = ()
    """Ids of notices that are no longer filed under once this one takes effect; their classes keep them."""
    base: str = ""
    """``id/version`` of the notice that this one is a district's layer over; its values fill the rest."""
    districts: tuple[str, ...] = ()
    """Where a layer applies."""

    window: WindowTerms = field(init=False, compare=False)
    topics: TopicTerms = field(init=False, compare=False)
    hours: HoursTerms = field(init=False, compare=False)
    credit: CreditTerms = field(init=False, compare=False)
    reported: ReportedTerms = field(init=False, compare=False)
    dispute: DisputeTerms = field(init=False, compare=False)
    anomaly: AnomalyTerms = field(init=False, compare=False)
    delivery: DeliveryTerms = field(init=False, compare=False)
    attendance: AttendanceTerms = field(init=False, compare=False)
    presence: PresenceTerms = field(init=False, compare=False)
    exam: ExamTerms = field(init=False, compare=False)
    quiz: QuizTerms = field(init=False, compare=False)
    proctor: ProctorTerms = field(init=False, compare=False)
    subsidy: SubsidyTerms = field(init=False, compare=False)
    filing: FilingTerms = field(init=False, compare=False)
    proofs: ProofTerms = field(init=False, compare=False)
    evidence: EvidenceTerms = field(init=False, compare=False)
    identity: IdentityTerms = field(init=False, compare=False)
    retention: RetentionTerms = field(init=False, compare=False)
    consent: ConsentTerms = field(init=False, compare=False)
    certificate: CertificateTerms = field(init=False, compare=False)
    digest: str = field(init=False, compare=False)

    def __post_init__(self) -> None:
        """Derive the typed terms and the digest; raises ``KeyError`` when a required parameter is missing."""
        values = {key: given.value for key, given in self.parameters.items()}
        for section, terms in schema.terms_of(values).items():
            object.__setattr__(self, section, terms)
        object.__setattr__(self, "digest", hashlib.sha256(self.effective_json()).hexdigest())

    def in_force_on(self, day: date) -> bool:
        """Tell whether a class may be filed against this notice on the Shanghai day ``day``."""
        return self.effective_from <= day and (self.effective_to is None or day <= self.effective_to)

    def source(self, key: str) -> Source:
        """Return where the value of ``key`` comes from; ``KeyError`` for a key no notice can hold.

        A parameter stated nowhere counts as the house's, its rationale being the schema's.
        """
        parameter = schema.PARAMETERS[key]
        given = self.parameters.get(key)
        return given.source if given else Source(kind="house", rationale=parameter.absent_rationale)

    def cite(self, key: str, locale: str = "zh_CN") -> str:
        """Return a short citation of ``key``, such as ``太人社培[2021]1号 五.4``."""
        source = self.source(key)
        if source.kind == "clause":
            return f"{source.document or self.document} {source.clause}"
        if key not in self.parameters and key.startswith("window."):
            return _NOT_STATED.get(locale, _NOT_STATED["zh_CN"])
        texts = _HOUSE_RULE if self.status == "demo" else _HOUSE
        return texts.get(locale, texts["zh_CN"])

    def citation(self, key: str) -> Citation:
        """Return ``cite`` for a reader whose language is not known yet, as in an error."""
        return Citation({locale: self.cite(key, locale) for locale in LOCALES})

    def supposing(self, values: Mapping[str, object]) -> Notice:
        """Return what this notice would be with other ``values`` (as TOML or JSON gives them).

        For asking "what if": no class is ever bound to it. Raises ``KeyError`` for an unknown key and
        ``BadValue`` for a value of the wrong kind.
        """
        given = {
            key: Given(schema.PARAMETERS[key].read(raw), Source("house", rationale=_SUPPOSED))
            for key, raw in values.items()
        }
        return replace(self, parameters={**self.parameters, **given})

    def effective_json(self) -> bytes:
        """Return everything this notice decides as canonical JSON; ``digest`` is its SHA-256.

        Only what is stated is in it, so a parameter that later releases add (with its ``absent`` value)
        does not change the digest of a notice written before.
        """
        parameters: dict[str, Json] = {}
        for key, given in self.parameters.items():
            entry: dict[str, Json] = {"source": given.source.kind, "value": schema.to_json(given.value)}
            for name in ("clause", "document", "quote", "rationale"):
                if text := getattr(given.source, name):
                    entry[name] = text
            parameters[key] = entry
        head: dict[str, Json] = {}
        if self.base:
            head |= {"base": self.base, "districts": list(self.districts)}
        if self.supersedes:
            head["supersedes"] = list(self.supersedes)
        return jcs.encode(
            {
                **head,
                "format": FORMAT,
                "id": self.id,
                "version": self.version,
                "status": self.status,
                "title": self.title,
                "document": self.document,
                "effective_from": self.effective_from.isoformat(),
                "effective_to": self.effective_to.isoformat() if self.effective_to else None,
                "defaults": self.defaults_edition,
                "parameters": parameters,
            }
        )

    @classmethod
    def from_effective(cls, data: bytes) -> Notice:
        """Return the notice whose ``effective_json()`` is exactly ``data``.

        Raises ``InvalidInput`` when ``data`` is anything else: not canonical, of another format, holding a
        parameter this release does not know, or lacking one it needs.
        """
        from lmscompliance.policy import effective  # noqa: PLC0415  # effective builds Notice values

        return effective.decode(data)
