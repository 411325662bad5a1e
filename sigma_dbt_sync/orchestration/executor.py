"""Where the steps of a run are executed: in the run's own process, or each in a pod of its own."""

import dagster as dg

from sigma_dbt_sync.errors import ConfigurationError
from sigma_dbt_sync.settings import Settings


def executor(settings: Settings) -> dg.ExecutorDefinition:
    """Choose by DAGSTER_EXECUTOR.

    A run has few steps, one after another, and they hand each other nothing but events. So one
    process is the fastest; pods are for clusters that want each step on its own.

    Raises:
        ConfigurationError: the package that starts pods is not installed.
    """
    if settings.dagster_executor == "in_process":
        return dg.in_process_executor
    try:
        from dagster_k8s import k8s_job_executor  # noqa: PLC0415 - an extra, and slow to import
    except ImportError as error:
        raise ConfigurationError(
            "DAGSTER_EXECUTOR=kubernetes needs dagster-k8s: "
            "pip install 'sigma-dbt-sync[kubernetes]'."
        ) from error
    return k8s_job_executor
