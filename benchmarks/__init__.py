"""Measures the sync on large made-up projects, beside other programs that read the same files."""
