"""Checkpoints (C2SP tlog-checkpoint): the text a log signs to commit to everything it holds."""

from __future__ import annotations

from dataclasses import dataclass

from lmscompliance.tlog.encoding import decimal, hash_from_base64, to_base64


class BadCheckpoint(ValueError):
    """The text is not a checkpoint."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A tree head: which log, how many entries, which root."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """Read a note's text (without signatures); raises ``BadCheckpoint``."""
        if not text.endswith("\n"):
            raise BadCheckpoint("a checkpoint ends with a newline")
        lines = text[:-1].split("\n")
        if len(lines) < 3 or "" in lines:  # noqa: PLR2004  # origin, size, root
            raise BadCheckpoint("a checkpoint has at least three lines, none of them empty")
        try:
            return cls(lines[0], decimal(lines[1]), hash_from_base64(lines[2]), tuple(lines[3:]))
        except ValueError as error:
            msg = f"a checkpoint's second line is its size, its third its root: {error}"
            raise BadCheckpoint(msg) from error

    def text(self) -> str:
        """Return the text to be signed."""
        return "".join(
            f"{line}\n" for line in (self.origin, str(self.size), to_base64(self.root), *self.extensions)
        )
