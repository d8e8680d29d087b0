"""Bare Django, for comparison: what one would write in ten lines, on the same server set-up."""
