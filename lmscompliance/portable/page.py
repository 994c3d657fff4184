"""The verifier as one HTML page that works from a file, offline, in any browser of the last years.

The page holds CPython compiled to WebAssembly (``vendor``) and the zipapp: a browser runs the same code as
the command. Its content security policy forbids every connection, so nothing dropped on it can leave.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from importlib import resources

from lmscompliance.kernel.messages import text
from lmscompliance.portable.zipapp import build_zipapp

_RUNTIME = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip", "info.json")
_TEXTS = (
    "title",
    "intro",
    "bundle",
    "trust",
    "workbook",
    "files",
    "optional",
    "start",
    "print",
    "starting",
    "verifying",
    "no_bundle",
    "broken",
    "old_browser",
    "subject",
    "more",
    "own_digest",
    "entry",
)


def build_page() -> bytes:
    """Return the page's bytes: the same for the same sources."""
    here = resources.files("lmscompliance.portable")
    pages = here / "page"
    style = (pages / "page.css").read_text(encoding="utf-8")
    script = (pages / "page.js").read_text(encoding="utf-8")
    parts = {name: _packed((here / "vendor" / "pyodide" / name).read_bytes()) for name in _RUNTIME}
    parts["verifier.pyz"] = _packed(build_zipapp())
    words = {name: text(f"portable.{name}") for name in _TEXTS}
    words |= {f"verdict_{name}": text(f"portable.verdict_{name}") for name in ("0", "1", "2", "3")}
    words |= {
        name: text(f"verifier.{name}") for name in ("unverifiable_title", "findings_title", "owes_title")
    }
    filled = {
        "policy": _policy(script, style),
        "title": words["title"],
        "style": style,
        "words": _json(words),
        "worker": _json((pages / "worker.js").read_text(encoding="utf-8")),
        "parts": _json(parts),
        "script": script,
    }
    page = (pages / "page.html").read_text(encoding="utf-8")
    for name, value in filled.items():
        page = page.replace("{{" + name + "}}", value)
    return page.encode()


def _policy(script: str, style: str) -> str:
    # blob: is the worker and what it imports from the page itself; there is no source that needs a network.
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {_hash(script)} 'wasm-unsafe-eval' blob:",
            "worker-src blob:",
            f"style-src {_hash(style)}",
            "connect-src 'none'",
            "form-action 'none'",
            "base-uri 'none'",
        )
    )


def _hash(source: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()}'"


def _packed(data: bytes) -> str:
    return base64.b64encode(gzip.compress(data, 9, mtime=0)).decode()


def _json(value: object) -> str:
    # "<" would end the script element that holds it.
    return json.dumps(value, ensure_ascii=False).replace("<", "\\u003c")
