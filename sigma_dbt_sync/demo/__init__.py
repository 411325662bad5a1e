"""A dbt Cloud account that fits in this repository: the shop of the examples and tests.

`project/` is a dbt project, `project_changes/` what somebody changed in it later, `plot.py` the
week that happens to it, `record.py` plays that week with real dbt, `artifacts/` is what dbt wrote,
and `account.py`, `dbt_cloud.py` and `serve.py` offer it as dbt Cloud's API would. `sigma_story.py`
has the Sigma organization that looks at the shop's warehouse, `sigma.py` its API. Nothing outside
this package needs it to sync a real account.
"""
