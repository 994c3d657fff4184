"""Certificates of trainees who passed: numbered, frozen when issued, shown to anybody who scans them."""
