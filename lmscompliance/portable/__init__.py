"""The verifier to carry away: one file for Python, one page for a browser.

Both hold the very modules that ``lmscompliance verify`` runs, so they cannot come to another verdict.
"""

from lmscompliance.portable.page import build_page
from lmscompliance.portable.zipapp import build_zipapp

__all__ = ["build_page", "build_zipapp"]
