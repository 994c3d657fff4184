"""Claims for subsidies: who is entitled and to how much, the pack, the decision, payments and claw-backs."""
