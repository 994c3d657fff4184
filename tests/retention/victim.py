"""A process that carries out a purge and stops at a point where it is killed; run by the kill tests."""

import sys
import time
from pathlib import Path

from lmscompliance.retention import purging
from lmscompliance.storage.erasing import Erasing
from tests.evidence.victim import services_over, tell
from tests.support.app import administrator


def stop(*_):
    """Say that the point is reached, and wait for the end."""
    tell("here")
    time.sleep(600)


def main(url, directory, class_id, point):
    """Confirm the order that waits; ``point`` is before the first row, after the last, or the commit."""
    run = Erasing.run
    if point == "rows":
        Erasing.run = stop
    elif point == "gone":
        Erasing.run = lambda erasing: (run(erasing), stop())[0]
    else:
        purging.clear = stop
    purging.confirm(services_over(url, Path(directory)), administrator("bert"), class_id)


if __name__ == "__main__":
    main(*sys.argv[1:])
