"""Enterprises, classes, their teaching plans and enrolments: filing, approval, roster import, activation."""
