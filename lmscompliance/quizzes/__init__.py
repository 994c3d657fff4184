"""Quizzes within lessons (随堂测验): set by whoever runs the class, taken by trainees, marked at once."""
