"""Transparency-log formats (C2SP) and RFC 6962 trees as small pure functions; standard library only.

The product and the offline verifier share this room, so what one writes the other reads the same way.
"""
