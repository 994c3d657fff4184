"""A small host platform that embeds the extension through its public face, and a cast to fill it.

Everything and everyone in here is invented. ``platform`` is what an embedder would write; the other
modules invent people, file classes and play a month of learning through the HTTP interface.
"""
