"""The ``lmscompliance`` command: thin verbs over the rooms' public functions.

Each verb's module is imported when it is called, so that ``verify`` loads the verifier and nothing of the
platform. Exit codes: 0 done; 1 refused (the input or the state of things does not allow it); 2 a wrong
call or setting; ``verify`` has its own, see there.
"""

from lmscompliance.cli.main import main

__all__ = ["main"]
