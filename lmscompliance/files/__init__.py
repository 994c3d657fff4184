"""Uploaded files: looked into before they are kept, kept encrypted by digest, never overwritten."""
