"""Work outside requests: leases, so that one process does it, and a job table, so that none is lost.

Both live in the product's own database and use the database's clock, because the machines of a
deployment disagree about the time and only the database is asked by all of them.
"""
