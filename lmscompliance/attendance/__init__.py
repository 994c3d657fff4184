"""Lessons that take place at a time: signing in and out, marks, printed sheets, and who held a live one."""
