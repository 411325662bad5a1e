"""dbt Cloud metadata as warehouse tables, and Sigma kept in step with what dbt documents.

Data flows one way, and the folders are named after the flow: `dbt_cloud` reads the Admin API into
`archive`, `artifacts` decodes what dbt wrote, `normalize` turns it into the rows of `tables`, and
`warehouse` publishes them. `sync` holds the use cases; `orchestration` and `cli` only call them.
"""

__version__ = "0.1.0"
