"""Speaking to others in bounded time: connections that end, and single questions over HTTP.

Whoever is asked may be dead, slow, endless or hostile, and must hold nothing up. It knows nothing of what is
asked for; what to tell people about a failure is each caller's own.
"""
