"""Plain values that every room may use: time, ids, errors, actors, settings, canonical JSON.

Standard library only. Nothing here knows Flask, SQL or a real clock's whereabouts.
"""
