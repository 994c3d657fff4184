"""The host platform's own user store: proof that the extension needs no ``User`` class of ours.

One SQLite file beside the compliance data. Passwords are argon2id hashes.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from flask_login import UserMixin

_SCHEMA = """
CREATE TABLE IF NOT EXISTS host_user (
  login TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  password_hash TEXT NOT NULL,
  role TEXT NOT NULL,
  enterprise TEXT,
  districts TEXT NOT NULL DEFAULT ''
);
CREATE TABLE IF NOT EXISTS host_course (
  slug TEXT PRIMARY KEY,
  title TEXT NOT NULL,
  video TEXT,
  class_id TEXT NOT NULL,
  lesson_id TEXT NOT NULL,
  seconds INTEGER NOT NULL
);
"""


@dataclass(slots=True)
class HostUser(UserMixin):  # type: ignore[misc]  # Flask-Login ships no types
    """A user as the host knows them."""

    login: str
    name: str
    role: str
    enterprise: str | None
    districts: frozenset[str]

    def get_id(self) -> str:
        """Return the key Flask-Login keeps in the cookie."""
        return self.login


@dataclass(frozen=True, slots=True)
class Course:
    """A course page of the host and the lesson of a class it stands for."""

    slug: str
    title: str
    video: str | None
    class_id: str
    lesson_id: str
    seconds: int


class HostStore:
    """Users and courses in ``path``; every call opens, commits and closes by itself."""

    def __init__(self, path: Path) -> None:
        self._path = path
        # The cheapest parameters the library's authors call safe; the factory's phones wait for these.
        self._hasher = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)
        self._hashes: dict[str, str] = {}
        path.parent.mkdir(parents=True, exist_ok=True)
        with self._open() as connection:
            connection.executescript(_SCHEMA)

    def add_user(
        self,
        login: str,
        *,
        name: str,
        password: str,
        role: str,
        enterprise: str | None = None,
        districts: str = "",
    ) -> None:
        """Create or replace a user; ``districts`` is a comma-separated list."""
        # All invented users share a password, and one hash of it spares a minute of seeding.
        hashed = self._hashes.setdefault(password, self._hasher.hash(password))
        with self._open() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO host_user VALUES (?, ?, ?, ?, ?, ?)",
                (login, name, hashed, role, enterprise, districts),
            )

    def user(self, login: str) -> HostUser | None:
        """Return the user called ``login``."""
        with self._open() as connection:
            row = connection.execute(
                "SELECT login, name, role, enterprise, districts FROM host_user WHERE login = ?", (login,)
            ).fetchone()
        if row is None:
            return None
        return HostUser(row[0], row[1], row[2], row[3], frozenset(filter(None, row[4].split(","))))

    def check(self, login: str, password: str) -> HostUser | None:
        """Return the user if the password is right."""
        with self._open() as connection:
            row = connection.execute(
                "SELECT password_hash FROM host_user WHERE login = ?", (login,)
            ).fetchone()
        if row is None:
            return None
        try:
            self._hasher.verify(row[0], password)
        except VerificationError:
            return None
        return self.user(login)

    def add_course(self, course: Course) -> None:
        """Create or replace a course page."""
        with self._open() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO host_course VALUES (?, ?, ?, ?, ?, ?)",
                (course.slug, course.title, course.video, course.class_id, course.lesson_id, course.seconds),
            )

    def courses(self) -> list[Course]:
        """Return every course page in the order of its slug."""
        with self._open() as connection:
            rows = connection.execute("SELECT * FROM host_course ORDER BY slug").fetchall()
        return [Course(*row) for row in rows]

    def course(self, slug: str) -> Course | None:
        """Return one course page."""
        return next((course for course in self.courses() if course.slug == slug), None)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self._path, timeout=30)) as connection, connection:
            yield connection
