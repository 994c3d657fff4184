"""Proofs (证明材料): what trainees hand in beside learning and exams, reviewed by people (notice T3, T29)."""
