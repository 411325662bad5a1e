"""What is taken from dbt Cloud's objects, however little they hold."""

from datetime import UTC, datetime

import pytest

from sigma_dbt_sync.dbt_cloud.payloads import (
    read_environment,
    read_job,
    read_project,
    read_run,
    read_steps,
)

RUN = {"id": 70437497969835, "status": 10}


def run(**more):
    return read_run(RUN | more, account_id=1, host="https://dbt.test")


def test_a_run_needs_no_more_than_id_and_status():
    read = run()

    assert (read.id, read.account_id, read.status) == (70437497969835, 1, 10)
    assert read.finished_at is read.git_sha is read.job_id is None


def test_null_and_nonsense_count_as_absent():
    names = [
        "job", "trigger", "environment", "git_sha", "created_at", "finished_at", "environment_id",
        "artifacts_saved", "href", "status_message",
    ]  # fmt: skip

    assert run(**dict.fromkeys(names)) == run() == run(**{name: [] for name in names})


@pytest.mark.parametrize(
    "text",
    ["2021-11-02T08:33:57Z", "2021-11-02 08:33:57+00:00", "2021-11-02 08:33:57.000000+00:00"],
)
def test_both_ways_of_writing_a_time_are_read(text):
    assert run(created_at=text).created_at == datetime(2021, 11, 2, 8, 33, 57, tzinfo=UTC)


def test_numbers_may_be_texts():
    assert run(environment_id="70403103925108").environment_id == 70403103925108


def test_the_job_has_two_names():
    assert run(job_definition_id=5).job_id == run(job_id=5).job_id == 5


@pytest.mark.parametrize(
    "name",
    [
        "github_pull_request_id",
        "gitlab_merge_request_id",
        "azure_pull_request_id",
        "non_native_pull_request_id",
    ],
)
def test_every_kind_of_pull_request_is_noticed(name):
    assert run(trigger={name: 118}).pull_request_id == 118


def test_a_custom_branch_counts_only_when_it_is_used():
    used = {"custom_branch": "next", "use_custom_branch": True}

    assert run(environment=used).environment_branch == "next"
    assert run(environment=used | {"use_custom_branch": False}).environment_branch is None


@pytest.mark.parametrize(
    ("href", "link"),
    [
        ("/deploy/1/runs/2/", "https://dbt.test/deploy/1/runs/2/"),
        ("https://other.test/runs/2/", "https://other.test/runs/2/"),
        (None, None),
    ],
)
def test_a_link_names_its_host(href, link):
    assert run(href=href).href == link


def test_steps_come_in_order_and_without_their_logs():
    told = {
        "run_steps": [
            {"index": 2, "name": "Invoke dbt with `dbt build`", "status": 10, "logs": "secret"},
            {"index": 1, "name": "Clone", "status": 10, "debug_logs": "secret"},
            {"index": None, "name": "nothing"},
            None,
        ]
    }

    steps = read_steps(told)

    assert [step.index for step in steps] == [1, 2]
    assert "secret" not in str(steps)
    assert read_steps({"run_steps": None}) == read_steps({}) == ()


def test_values_of_vars_are_kept_nowhere():
    command = "dbt run --vars '{password: s3cret}'"
    told = {"id": 5, "run_steps": [{"index": 1, "name": f"Invoke dbt with `{command}`"}]}
    objects = [
        run(job={"execute_steps": [command]}, trigger={"steps_override": [command]}),
        read_steps(told),
        read_job({"id": 5, "execute_steps": [command]}),
    ]

    assert "s3cret" not in str(objects)
    assert "sha256:" in str(objects[0].job_execute_steps)


def test_overrides_of_environment_variables_are_told_apart_but_not_told():
    def job(value, kind="job"):
        variable = {"name": "DBT_REGION", "type": kind, "raw_value": value}
        return read_job({"id": 5, "custom_environment_variables": [variable]})

    one, same, other = job("s3cret"), job("s3cret"), job("else")

    assert one == same != other
    assert "s3cret" not in str(one)
    assert job("x", kind="environment").env_overrides_hash is None
    assert read_job({"id": 5}).env_overrides_hash is None


def test_deleted_objects_are_known_as_such():
    gone = {"id": 5, "state": 2}

    assert read_job(gone).is_deleted
    assert read_project(gone).is_deleted
    assert read_environment(gone, project_id=3).is_deleted
    assert not read_job({"id": 5, "state": 1}).is_deleted


def test_an_object_without_a_name_goes_by_its_id():
    assert read_project({"id": 5}).name == "5"
