"""What those who supervise look at: who is learning now, and what is unusual about it.

Nothing here decides about credit. What is found is put before a person, whose decision is recorded.
"""
