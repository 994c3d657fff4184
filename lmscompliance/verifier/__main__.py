"""``python -m lmscompliance.verifier``: the verifier without the platform's command.

It is also what the zipapp runs, so nothing but the standard library is imported here.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from lmscompliance.kernel.messages import LOCALES, show_anything, terminal_locale, text
from lmscompliance.verifier import Exit, said, to_json, verify_file


def main(arguments: Sequence[str] | None = None) -> int:
    """Verify one file, print the report and return the exit status of the verdict (2 for a wrong call)."""
    show_anything()
    asked = terminal_locale(os.environ)
    parser = argparse.ArgumentParser(prog="lmscompliance-verify", description=text("verifier.usage", asked))
    parser.add_argument("bundle", type=Path, help=text("verifier.usage_bundle", asked))
    parser.add_argument("--trust", type=Path, help=text("verifier.usage_trust", asked))
    parser.add_argument("--workbook", type=Path, help=text("verifier.usage_workbook", asked))
    parser.add_argument(
        "--files", type=Path, action="append", default=[], help=text("verifier.usage_files", asked)
    )
    parser.add_argument("--json", action="store_true", help=text("verifier.usage_json", asked))
    parser.add_argument("--lang", choices=LOCALES, default=asked, help=text("verifier.usage_lang", asked))
    options = parser.parse_args(arguments)
    try:
        trust = options.trust.read_bytes() if options.trust else None
    except OSError:
        print(text("verifier.usage_no_trust", options.lang, file=options.trust), file=sys.stderr)  # noqa: T201
        return Exit.UNVERIFIABLE
    found = verify_file(options.bundle, trust, options.workbook, options.files)
    if options.json:
        print(json.dumps(to_json(found), ensure_ascii=False, indent=2))  # noqa: T201  # a command's output
    else:
        print("\n".join(found.report.lines(options.lang)))  # noqa: T201  # a command's output
        if entry := said(found):
            print(json.dumps(entry, ensure_ascii=False, indent=2))  # noqa: T201  # a command's output
    return found.report.verdict.exit


if __name__ == "__main__":
    sys.exit(main())
