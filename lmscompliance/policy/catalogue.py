"""The notices a platform knows: those that ship with the product and those of its own bureau."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from lmscompliance.kernel.errors import Conflict, Misconfigured, NotFound
from lmscompliance.policy.loader import load_file
from lmscompliance.policy.notice import Notice
from lmscompliance.policy.reading import PolicyInvalid


class Catalogue:
    """All notices by id and version. Built once at start-up; a bad file stops the start with its lines."""

    def __init__(self, notices: Iterable[Notice]) -> None:
        """Keep ``notices``; two different texts under one id and version raise ``Misconfigured``."""
        self._notices: dict[str, dict[int, Notice]] = {}
        for notice in notices:
            self._add(notice)

    @classmethod
    def builtin(cls) -> Catalogue:
        """Return the notices that ship with the product."""
        catalogue = cls([])
        catalogue._load(_toml_files(resources.files("lmscompliance.policy") / "notices"))  # one's own
        return catalogue

    def with_directory(self, path: Path) -> Catalogue:
        """Return this catalogue with every ``*.toml`` of ``path`` added.

        Raises ``Misconfigured`` when the directory is missing, ``PolicyInvalid`` listing the problems of
        all its files at once.
        """
        if not path.is_dir():
            raise Misconfigured("policy.no_directory", path=path)
        grown = Catalogue(self.all())
        grown._load(_toml_files(path))
        return grown

    def get(self, policy_id: str, version: int | None = None) -> Notice:
        """Return a notice in the given version, or in its latest; ``NotFound`` when there is none."""
        versions = self._notices.get(policy_id)
        if versions is None:
            raise NotFound("policy.unknown_policy", id=policy_id, known=", ".join(sorted(self._notices)))
        if version is None:
            version = max(versions)
        if version not in versions:
            known = ", ".join(map(str, sorted(versions)))
            raise NotFound("policy.unknown_version", id=policy_id, version=version, known=known)
        return versions[version]

    def find(self, name: str) -> Notice | None:
        """Return the notice ``id/version``; ``None`` when there is none."""
        policy_id, _, version = name.partition("/")
        return self._notices.get(policy_id, {}).get(int(version))

    def applicable(self, policy_id: str, district: str, day: date) -> Notice:
        """Return what a class of ``district`` is filed under on ``day`` when ``policy_id`` is named.

        That is the district's layer over it, where one is in force, else the notice itself. Raises
        ``NotFound`` for an unknown id, ``Conflict`` when another notice has superseded it, or when a layer
        of other districts was named.
        """
        named = self.get(policy_id)
        if named.districts and district not in named.districts:
            known = named.districts
            raise Conflict("policy.not_here", id=policy_id, district=district, known=known)
        latest = [self.get(one) for one in sorted(self._notices)]
        for one in latest:
            if policy_id in one.supersedes and one.in_force_on(day):
                since = one.effective_from
                raise Conflict("policy.superseded", id=policy_id, by=one.id, since=since)
        for one in latest:
            if one.base.partition("/")[0] == policy_id and district in one.districts and one.in_force_on(day):
                return one
        return named

    def by_digest(self, digest: str) -> Notice:
        """Return the notice whose effective text has this digest; ``NotFound`` when there is none."""
        for notice in self.all():
            if notice.digest == digest:
                return notice
        raise NotFound("policy.unknown_digest", digest=digest)

    def all(self) -> list[Notice]:
        """Return every notice, by id and version."""
        return [
            versions[version] for _, versions in sorted(self._notices.items()) for version in sorted(versions)
        ]

    def _load(self, entries: Sequence[Path | Traversable]) -> None:
        """Add the notices of ``entries``; layers come after what they are over, wherever that stands."""
        waiting = list(entries)
        for last in (False, True):
            problems, later = [], []
            for entry in waiting:
                try:
                    self._add(load_file(entry, self.find))
                except PolicyInvalid as error:
                    problems += error.problems
                    later.append(entry)
            if not problems:
                break
            if last:
                raise PolicyInvalid(problems)
            waiting = later

    def _add(self, notice: Notice) -> None:
        versions = self._notices.setdefault(notice.id, {})
        other = versions.setdefault(notice.version, notice)
        if other.digest != notice.digest:
            # A class keeps the version it was filed under, so a version can have one text only.
            raise Misconfigured("policy.two_texts", id=notice.id, version=notice.version)


def _toml_files(directory: Path | Traversable) -> list[Path | Traversable]:
    return sorted(
        (entry for entry in directory.iterdir() if entry.name.endswith(".toml")), key=lambda entry: entry.name
    )
