"""Readers of bank files. Each turns a file into drafts and refusals, and drops nothing in silence."""
