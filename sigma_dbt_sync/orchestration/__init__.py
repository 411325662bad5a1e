"""Dagster's view of the sync: assets, checks, the job, when it runs, and what the UI shows.

Only this package and `definitions.py` know Dagster. What a sync does is decided in `sync/`; a step
here calls it, and words its report for the UI.
"""
