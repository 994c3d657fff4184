"""Exams: what may be examined, who may sit, frozen papers, answers that are never lost, exact marks."""
