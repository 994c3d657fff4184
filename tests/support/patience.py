"""The patience that tests have with a machine that does other work."""

PATIENCE_SECONDS = 60
"""How long a test waits for what must come; where it comes, nobody waits so long."""
