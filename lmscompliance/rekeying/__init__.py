"""Changes the vault's keys while everything goes on: every sealed value and blind index is made anew."""
