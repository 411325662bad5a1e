"""The shapes of what is archived; only here do dbt versions differ from each other."""
