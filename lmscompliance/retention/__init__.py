"""How long classes are kept, what stops their destruction, what proves it: holds, purges, certificates."""
