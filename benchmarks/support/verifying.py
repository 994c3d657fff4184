"""Verifies one bundle in a process of its own and prints what it took.

The peak is of this program's memory alone, above what it used before it began.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from benchmarks.support import memory
from lmscompliance.verifier import verify

if __name__ == "__main__":
    idle_kib = memory.now_kib()
    began = time.perf_counter()
    report = verify(Path(sys.argv[1]), Path(sys.argv[2]).read_bytes())
    seconds = time.perf_counter() - began
    more_kib = memory.peak_kib() - idle_kib
    print(json.dumps({"verdict": report.verdict, "seconds": seconds, "more_kib": more_kib}))
