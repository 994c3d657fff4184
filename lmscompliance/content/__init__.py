"""Frozen lesson content: which version of a lesson's content is in force, and that what is shown is it."""
