"""The notices a platform knows: those that ship with the product and those of its own bureau."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from lmscompliance.kernel.errors import Misconfigured, NotFound
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
        return cls(
            load_file(entry) for entry in _toml_files(resources.files("lmscompliance.policy") / "notices")
        )

    def with_directory(self, path: Path) -> Catalogue:
        """Return this catalogue with every ``*.toml`` of ``path`` added.

        Raises ``Misconfigured`` when the directory is missing, ``PolicyInvalid`` listing the problems of
        all its files at once.
        """
        if not path.is_dir():
            raise Misconfigured("policy.no_directory", path=path)
        problems, added = [], []
        for entry in _toml_files(path):
            try:
                added.append(load_file(entry))
            except PolicyInvalid as error:
                problems += error.problems
        if problems:
            raise PolicyInvalid(problems)
        return Catalogue([*self.all(), *added])

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
