"""The files of frozen content, by digest: written once, checked before anybody is shown them."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from lmscompliance.services import Services

_CHUNK = 1 << 20
_verified: dict[Path, tuple[int, int, int]] = {}
"""What a file looked like when its digest was last found right: a film is not read again for each opening.

The time of the last change of the inode cannot be set back by a program, so an edited file looks different.
"""


def path_of(services: Services, sha256: str) -> Path:
    """Return where the content with this digest is kept, if it is."""
    return services.settings.data_dir / "content" / sha256[:2] / sha256


def keep(services: Services, chunks: Iterable[bytes], *, limit: int) -> tuple[str, int]:
    """Keep a content and return its digest and size; raises ``ValueError`` beyond ``limit`` bytes.

    The file gets its name once it is whole and on disk; if the process dies, a nameless one is left over.
    """
    folder = services.settings.data_dir / "content"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    digest, size = hashlib.sha256(), 0
    with tempfile.NamedTemporaryFile(dir=folder, delete=False) as file:
        scratch = Path(file.name)
        try:
            for chunk in chunks:
                size += len(chunk)
                if size > limit:
                    raise ValueError(size)
                digest.update(chunk)
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
            target = path_of(services, digest.hexdigest())
            target.parent.mkdir(exist_ok=True, mode=0o700)
            scratch.chmod(0o400)
            scratch.replace(target)
        finally:
            scratch.unlink(missing_ok=True)
    return digest.hexdigest(), size


def intact(services: Services, sha256: str) -> bool:
    """Tell whether the kept file is there and still has its digest."""
    path = path_of(services, sha256)
    try:
        stat = path.stat()
        look = (stat.st_ctime_ns, stat.st_size, stat.st_ino)
        if _verified.get(path) == look:
            return True
        with path.open("rb") as file:
            right = hashlib.file_digest(file, "sha256").hexdigest() == sha256
    except OSError:
        return False
    if right:
        _verified[path] = look
    return right


def chunks_of(path: Path) -> Iterable[bytes]:
    """Yield a file piece by piece."""
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk
