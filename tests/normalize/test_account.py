"""Projects, environments and jobs to rows."""

from sigma_dbt_sync.artifacts.account import AccountObjects, Environment, Job, Project
from sigma_dbt_sync.normalize.account import environment_rows, job_rows, project_rows
from tests.builders import NOON


def environments(*made, present=None):
    return environment_rows(AccountObjects(environments=made), 7, present or {})


def environment(**fields):
    return Environment(id=1, project_id=70, name="Prod", **fields)


def test_a_deleted_project_is_kept_and_marked():
    objects = AccountObjects(projects=(Project(id=70, name="Shop", is_deleted=True),))
    (row,) = project_rows(objects, 7)

    assert (row.account_id, row.project_id, row.is_deleted) == (7, 70, True)


def test_a_jobs_steps_are_a_list():
    job = Job(id=1, project_id=70, name="Daily", execute_steps=("dbt build", "dbt test"))
    (row,) = job_rows(AccountObjects(jobs=(job,)), 7)

    assert row.execute_steps == '["dbt build","dbt test"]'


def test_only_the_deployment_type_makes_production():
    production, staging, named = environments(
        environment(deployment_type="production"),
        environment(deployment_type="staging"),
        environment(type="deployment"),
    )

    assert (production.is_production, staging.is_production, named.is_production) == (
        True,
        False,
        False,
    )


def test_what_the_load_knows_about_an_environment_survives_its_next_listing():
    (first,) = environments(environment())
    known = type(first)(
        **{name: getattr(first, name) for name in first.__struct_fields__}
        | {"definitions_run_id": 5, "definitions_at": NOON, "metadata_as_of": NOON}
    )
    (row,) = environments(environment(custom_branch="main"), present={1: known})

    assert (row.definitions_run_id, row.definitions_at, row.metadata_as_of) == (5, NOON, NOON)
    assert row.custom_branch == "main"
