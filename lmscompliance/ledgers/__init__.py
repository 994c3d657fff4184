"""Ledgers (学习台账): the workbook, the bundle that proves it, and their download."""
