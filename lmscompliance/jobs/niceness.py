"""How a process stands back: everything else on the machine goes first, above all the heartbeats.

Linux shares processors out by session, then by policy and weight within one, in turns; so each of these is
asked for. What a machine does not know or refuses is left as it was.
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct
import time
from contextlib import suppress
from pathlib import Path

_NICEST = 19
_SESSION_NICE = "10"
"""Weight 110 beside an ordinary session's 1024: the least with which a busy machine ends an export soon."""
_TURN_NANOSECONDS = 100_000
"""The shortest that Linux grants."""
_SET_ATTRIBUTES = {"x86_64": 314, "aarch64": 274}
"""The number of ``sched_setattr`` by machine; most C libraries do not offer it yet."""
_ATTRIBUTES = struct.Struct("=IIQiIQQQ")
_TRIES = 20
_AUTOGROUP = Path("/proc/self/autogroup")


def stand_back() -> None:
    """Let everything else on this machine go first, from here on and with all that is started from here.

    Half of the processors, a session of its own at a tenth of the weight (sched_autogroup shares processors
    out by session first) and the policy ``SCHED_IDLE`` within it, in turns of a tenth of a millisecond. Needs
    no privilege; where the kernel knows none of it, ``nice`` 19 remains. There is no way back.
    """
    os.setsid()
    os.nice(_NICEST)
    _leave_processors()
    _weigh_session()
    _shorten_turns()
    if hasattr(os, "SCHED_IDLE"):
        with suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))


def _weigh_session() -> None:
    # The kernel takes ten such words a second of all processes together. One that stayed at the ordinary
    # weight would be worth as much as the whole server.
    for _ in range(_TRIES):
        try:
            _AUTOGROUP.write_text(_SESSION_NICE, encoding="ascii")
        except BlockingIOError:
            time.sleep(0.1)
        except OSError:
            return  # no such grouping here
        else:
            return


def _leave_processors() -> None:
    # A processor on which only such work runs counts as idle for whoever wakes, but there it has to wait for
    # the end of the turn. So some are left without. The same ones by every such process.
    if hasattr(os, "sched_setaffinity"):
        allowed = sorted(os.sched_getaffinity(0))
        with suppress(OSError):
            os.sched_setaffinity(0, allowed[len(allowed) // 2 :])


def _shorten_turns() -> None:
    # Between sessions the policy counts for nothing: whoever wakes in another one waits until our turn is
    # over, which by itself lasts as long as several beats take. Linux before 6.12 overlooks the request.
    # To be asked for before SCHED_IDLE, which keeps it.
    number = _SET_ATTRIBUTES.get(platform.machine())
    if number is not None and hasattr(os, "SCHED_OTHER"):
        asked = _ATTRIBUTES.pack(_ATTRIBUTES.size, os.SCHED_OTHER, 0, _NICEST, 0, _TURN_NANOSECONDS, 0, 0)
        ctypes.CDLL(None).syscall(number, 0, asked, 0)  # what is refused stays as it was
