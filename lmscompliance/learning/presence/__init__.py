"""Presence checks: drawn by the server, judged by the server's clock, kept as evidence.

``watch`` decides when a check is due and raises it, ``service`` is what pages call, ``methods`` are the ways
to ask, ``facts`` is what the rules void from.
"""
