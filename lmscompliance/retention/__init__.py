"""How long classes are kept, what stops their destruction, and what proves it: holds, purges, certificates."""
