"""Policies with which the demo's plays are over in seconds."""

from __future__ import annotations

from pathlib import Path

from lmscompliance import policy

QUICK = "test-quick"


def write_policy(directory: Path, changes: dict[str, str], *, window: bool = False) -> Path:
    """Write the demo's own policy with other values as ``QUICK`` and return ``directory``.

    ``window`` adds that of February 2021.
    """
    source = (Path(policy.__file__).parent / "notices" / "demo-short.toml").read_text(encoding="utf-8")
    lines = source.replace('id = "demo-short"', f'id = "{QUICK}"').splitlines()
    for key, value in changes.items():
        place = lines.index(f"[{key}]") + 1
        assert lines[place].startswith("value = ")
        lines[place] = f"value = {value}"
    if window:
        for key, day in (("starts_on", "2021-02-01"), ("ends_on", "2021-02-28")):
            lines += [f"[window.{key}]", f"value = {day}", 'source = "house"', 'rationale = "二月。"']
    directory.mkdir()
    (directory / "quick.toml").write_text("\n".join(lines), encoding="utf-8")
    return directory
