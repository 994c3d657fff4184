"""Learning time: sessions, their beats and segments, and the facts the rules credit seconds from.

The server alone does arithmetic. A client says where it is and what it is doing; when, is what our own
clock says on receipt.
"""
