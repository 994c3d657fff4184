"""The composition root: builds one app's services, mounts the rooms' routes, runs their jobs."""

from lmscompliance.extension.core import Compliance

__all__ = ["Compliance"]
