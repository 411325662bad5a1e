"""The shapes of what is archived. Differences between dbt versions are handled here, nowhere else."""
