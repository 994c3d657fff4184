"""Everything a verdict depends on: credit, class hours, completion, marking, eligibility.

Pure functions on plain values: no clock, no database, standard library only. The product and the offline
verifier run the same code on the same facts.
"""
