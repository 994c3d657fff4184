"""Reads a notice's TOML file strictly: everything wrong with it is reported at once, with its line.

A file states a header and parameters; each parameter is a table with its ``value`` and its ``source``:
``"clause"`` with ``clause`` and ``quote``, or ``"house"`` with ``rationale``. What the notice is silent on
comes from the edition of the house values that the file names (``defaults``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from importlib.resources.abc import Traversable
from pathlib import Path

from lmscompliance.policy import schema
from lmscompliance.policy.crosschecks import contradictions
from lmscompliance.policy.header import HEADER, Header, read_header
from lmscompliance.policy.house import editions
from lmscompliance.policy.notice import Given, Notice, Source
from lmscompliance.policy.reading import PolicyInvalid, Problem, Reading
from lmscompliance.policy.schema import BadValue

DEFAULTS_HEADER = frozenset({"edition"})
Find = Callable[[str], Notice | None]
"""Returns the notice ``id/version``, or ``None``."""
_SOURCE_FIELDS = {"clause": ("clause", "quote"), "house": ("rationale",)}


def load_file(path: Path | Traversable, find: Find | None = None) -> Notice:
    """Return the notice that the TOML file ``path`` states; ``find`` knows the notices a layer may be over.

    Raises ``PolicyInvalid`` listing every problem with file, line, key and remedy.
    """
    name = str(path) if isinstance(path, Path) else path.name
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise PolicyInvalid([Problem(name, 1, "", "policy.not_utf8", {"position": error.start})]) from error
    except OSError as error:
        detail = error.strerror or type(error).__name__
        raise PolicyInvalid([Problem(name, 1, "", "policy.unreadable", {"detail": detail})]) from error
    return load_text(name, text, find)


def load_text(name: str, text: str, find: Find | None = None) -> Notice:
    """Return the notice that ``text`` states; ``name`` is what errors call it."""
    reading = Reading(name, text)
    header = read_header(reading)
    parameters = _parameters(reading, HEADER)
    if header is not None:
        # A layer's own values come first, then those of the notice it is over; where there is none, house
        # values fill what the notice is silent on.
        for key, given in _below(reading, header, find).items():
            parameters.setdefault(key, given)
        _complete(reading, parameters)
    reading.finish()
    assert header is not None, "a missing header has been refused"  # noqa: S101  # for the type checker
    return Notice(
        id=header.id,
        version=header.version,
        status=header.status,
        title=header.title,
        document=header.document,
        effective_from=header.effective_from,
        effective_to=header.effective_to,
        defaults_edition=header.defaults,
        parameters=parameters,
        supersedes=header.supersedes,
        base=header.base,
        districts=header.districts,
    )


def _below(reading: Reading, header: Header, find: Find | None) -> dict[str, Given]:
    """Return what fills a file's gaps; refuses in ``reading`` a base that is not there or cannot be one."""
    if not header.base:
        return _house_values(header.defaults)
    base = None if find is None else find(header.base)
    if base is None:
        reading.refuse("base", "no_base", base=header.base)
        return {}
    if base.base or base.defaults_edition != header.defaults:
        reading.refuse("base", "unfit_base", base=header.base, edition=base.defaults_edition)
    return {
        key: Given(given.value, replace(given.source, document=base.document))
        if given.source.kind == "clause"
        else given
        for key, given in base.parameters.items()
    }


def _house_values(edition: int) -> dict[str, Given]:
    entry = editions()[edition]
    reading = Reading(entry.name, entry.read_text(encoding="utf-8"))
    parameters = _parameters(reading, DEFAULTS_HEADER)
    reading.finish()
    return parameters


def _parameters(reading: Reading, header: frozenset[str]) -> dict[str, Given]:
    """Read every parameter, refusing what is unknown, of the wrong kind or without a source."""
    parameters: dict[str, Given] = {}
    for section, content in reading.data.items():
        if section in header:
            continue
        if section not in schema.SECTIONS:
            reading.refuse(section, "unknown_section", known=", ".join(schema.SECTIONS))
        elif not isinstance(content, dict):
            reading.refuse(section, "not_a_table")
        else:
            for name, entry in content.items():
                key = f"{section}.{name}"
                given = _given(reading, key, entry)
                if given is not None:
                    parameters[key] = given
    return parameters


def _given(reading: Reading, key: str, entry: object) -> Given | None:
    if key not in schema.PARAMETERS:
        section = key.partition(".")[0]
        known = ", ".join(name for name in schema.PARAMETERS if name.startswith(section + "."))
        reading.refuse(key, "unknown_key", known=known)
        return None
    if not isinstance(entry, dict):
        reading.refuse(key, "no_source")
        return None
    source = _source(reading, key, entry)
    if "value" not in entry:
        reading.refuse(key, "no_value")
        return None
    raw = entry["value"]
    if isinstance(raw, str) and schema.PARAMETERS[key].kind == "date":
        # Canonical JSON has no dates, TOML has: there a date in quotes is a slip.
        reading.refuse(f"{key}.value", "not_a_date")
        return None
    try:
        value = schema.PARAMETERS[key].read(raw)
    except BadValue as error:
        reading.refuse(f"{key}.value", error.code, **error.params)
        return None
    return Given(value, source) if source else None


def _source(reading: Reading, key: str, entry: dict[str, object]) -> Source | None:
    kind = entry.get("source")
    if kind not in _SOURCE_FIELDS:
        reading.refuse(f"{key}.source", "no_source" if kind is None else "bad_source")
        return None
    needed = _SOURCE_FIELDS[str(kind)]
    texts: dict[str, str] = {}
    before = len(reading.problems)
    for name in needed:
        stated = entry.get(name)
        if not isinstance(stated, str) or not stated.strip():
            reading.refuse(f"{key}.{name}", f"no_{name}")
        else:
            texts[name] = stated.strip()
    for name in entry.keys() - {"value", "source", *needed}:
        reading.refuse(f"{key}.{name}", "unknown_field", known=", ".join(("value", "source", *needed)))
    return Source(kind=str(kind), **texts) if len(reading.problems) == before else None


def _complete(reading: Reading, parameters: dict[str, Given]) -> None:
    """Refuse a notice that lacks a required parameter or contradicts itself."""
    refused = {problem.key for problem in reading.problems}
    missing = [
        key
        for key, parameter in schema.PARAMETERS.items()
        if key not in parameters and parameter.absent is schema.REQUIRED
    ]
    for key in missing:
        # A parameter that is there and was refused is not missing as well.
        if not any(other == key or other.startswith(f"{key}.") for other in refused):
            reading.refuse(key, "missing", key=key)
    if not missing:
        for key, code, params in contradictions(parameters):
            reading.refuse(key, code, **params)
