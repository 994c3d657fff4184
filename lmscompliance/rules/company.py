"""What is unusual about several people's learning taken together: put before a person, never a verdict.

People share canteens, dormitories and factory networks, so each of these has honest explanations; the
policy (``anomaly.*``) says from where on somebody should look.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from lmscompliance.policy.terms import AnomalyTerms
from lmscompliance.rules.finding import HIGH, LOW, Finding

_MS = 1_000
_SECOND = 1_000_000


@dataclass(frozen=True, slots=True)
class Visit:
    """A closed session of somebody: who, and from when to when."""

    person: str
    enrolment: str
    session: str
    start_us: int
    end_us: int


@dataclass(frozen=True, slots=True)
class Sighting:
    """Somebody seen at an address with a browser, each by its digest, on a Shanghai day."""

    person: str
    class_id: str
    enrolment: str
    session: str
    address: str
    device: str
    day: date
    first_us: int
    last_us: int


def lockstep(visits: Iterable[Visit], terms: AnomalyTerms) -> list[Finding]:
    """Return the groups whose sessions begin and end together, again and again.

    Two people are bound together when enough of their sessions coincide at both ends and these make up
    enough of both people's sessions; a group is whoever is bound to one another, directly or not.
    """
    if not terms.lockstep_sessions:
        return []
    ordered = sorted(set(visits), key=lambda one: (one.start_us, one.session))
    together: defaultdict[tuple[str, str], dict[tuple[str, str], None]] = defaultdict(dict)
    for place, one in enumerate(ordered):
        for other in ordered[place + 1 :]:
            if other.start_us - one.start_us > terms.lockstep_tolerance_ms * _MS:
                break
            if (
                one.person != other.person
                and abs(other.end_us - one.end_us) <= terms.lockstep_tolerance_ms * _MS
            ):
                pair = min(one.person, other.person), max(one.person, other.person)
                together[pair][one.session, other.session] = None
    count = Counter(one.person for one in ordered)
    bound: defaultdict[str, set[str]] = defaultdict(set)
    shared: defaultdict[str, set[str]] = defaultdict(set)
    for (left, right), sessions in together.items():
        # Reconnects may make two short sessions of one: each counts once on either side.
        pairs = min(len({one for one, _ in sessions}), len({other for _, other in sessions}))
        enough = pairs * 1000 >= max(count[left], count[right]) * terms.lockstep_permille
        if pairs >= terms.lockstep_sessions and enough:
            bound[left].add(right)
            bound[right].add(left)
            shared[left] |= {one for both in sessions for one in both}
            shared[right] |= {one for both in sessions for one in both}
    groups = [group for group in _groups(bound) if len(group) >= terms.lockstep_persons]
    return [_in_step(group, ordered, shared) for group in groups]


def _groups(bound: Mapping[str, set[str]]) -> Iterator[set[str]]:
    left = dict.fromkeys(sorted(bound))
    while left:
        group: set[str] = set()
        reached = [next(iter(left))]
        while reached:
            one = reached.pop()
            if one not in group:
                group.add(one)
                left.pop(one)
                reached += bound[one] - group
        yield group


def _in_step(group: set[str], ordered: Sequence[Visit], shared: Mapping[str, set[str]]) -> Finding:
    sessions = {one for person in group for one in shared[person]}
    visits = [one for one in ordered if one.person in group and one.session in sessions]
    enrolments = tuple(sorted({one.enrolment for one in visits}))
    return Finding(
        kind="lockstep",
        severity=HIGH,
        # Whoever joins later, the group keeps its name as long as its first member is in it.
        subject=enrolments[0],
        first_us=min(one.start_us for one in visits),
        last_us=max(one.end_us for one in visits),
        sessions=tuple(one.session for one in visits),
        facts={"persons": len(group), "sessions": len(visits)},
        enrolments=enrolments,
    )


def at_one_address(sightings: Iterable[Sighting], class_id: str, terms: AnomalyTerms) -> list[Finding]:
    """Return what is unusual about whoever was at one address on one day, as far as a class is concerned.

    ``sightings`` are of all classes, for a shop that learns for others serves many; the findings name
    people of ``class_id`` alone and count the others. Nothing where the class has nobody there.
    """
    here = sorted(set(sightings), key=lambda one: (one.first_us, one.session))
    if not any(one.class_id == class_id for one in here):
        return []
    found = list(_crowd(here, class_id, terms.address_persons, kind="address_cluster", severity=LOW))
    devices: defaultdict[str, list[Sighting]] = defaultdict(list)
    for one in here:
        devices[one.device].append(one)
    for device in sorted(devices):
        found += _crowd(
            devices[device],
            class_id,
            terms.device_persons,
            kind="shared_device",
            severity=LOW,
            suffix=device[:16],
        )
    return found


def _crowd(
    here: Sequence[Sighting], class_id: str, least: int, *, kind: str, severity: str, suffix: str = ""
) -> Iterator[Finding]:
    persons = {one.person for one in here}
    own = [one for one in here if one.class_id == class_id]
    if not least or len(persons) < least or not own:
        return
    yield Finding(
        kind=kind,
        severity=severity,
        subject="/".join(part for part in (own[0].day.isoformat(), own[0].address[:32], suffix) if part),
        first_us=min(one.first_us for one in own),
        last_us=max(one.last_us for one in own),
        sessions=tuple(dict.fromkeys(one.session for one in own)),
        facts={
            "persons": len(persons),
            "own": len({one.person for one in own}),
            "others": len(persons - {one.person for one in own}),
        },
        enrolments=tuple(sorted({one.enrolment for one in own})),
    )


def many_addresses(sightings: Iterable[Sighting], terms: AnomalyTerms) -> list[Finding]:
    """Return the days on which one person was seen at too many addresses within a short time."""
    if not terms.person_addresses:
        return []
    days: dict[date, list[Sighting]] = {}
    for one in sorted(set(sightings), key=lambda one: (one.first_us, one.session, one.address)):
        days.setdefault(one.day, []).append(one)
    found = []
    for day, seen in days.items():
        most: list[Sighting] = []
        begin = 0
        for place, one in enumerate(seen):
            while one.first_us - seen[begin].first_us > terms.person_addresses_seconds * _SECOND:
                begin += 1
            within = seen[begin : place + 1]
            if len({each.address for each in within}) > len({each.address for each in most}):
                most = within
        addresses = len({one.address for one in most})
        if addresses >= terms.person_addresses:
            found.append(
                Finding(
                    kind="many_addresses",
                    severity=LOW,
                    subject=day.isoformat(),
                    first_us=most[0].first_us,
                    last_us=max(one.last_us for one in most),
                    sessions=tuple(dict.fromkeys(one.session for one in most)),
                    facts={
                        "addresses": addresses,
                        "minutes": (most[-1].first_us - most[0].first_us) // (60 * _SECOND),
                    },
                )
            )
    return found
