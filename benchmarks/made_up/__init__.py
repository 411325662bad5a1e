"""Large dbt artifacts that no project wrote: seeded, shaped and proportioned like real ones."""
