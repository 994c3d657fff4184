"""Verifies one bundle in a process of its own and prints what it took.

The peak is the kernel's for this program's memory alone; what a parent hands to ``wait`` would include
the parent's own memory from before the program was started.
"""

from __future__ import annotations

import json
import re
import sys
import time
from pathlib import Path

from lmscompliance.verifier import verify

if __name__ == "__main__":
    began = time.perf_counter()
    report = verify(Path(sys.argv[1]), Path(sys.argv[2]).read_bytes())
    seconds = time.perf_counter() - began
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"))
    print(
        json.dumps({"verdict": report.verdict, "seconds": seconds, "peak_kib": int(found[1]) if found else 0})
    )
