"""Records from elsewhere: logs of other learning systems, imported as reported sessions.

They are kept and shown apart from what this platform saw itself, and count only where a policy says so.
"""
