"""The jobs that are asked for are those that workers do."""

from inspect import iscoroutinefunction

import workers.jobs
import workers.sweep
from portal import jobs


def test_every_job_that_can_be_asked_for_is_one_that_workers_do():
    named = {value for name, value in vars(jobs).items() if name.isupper()}
    done = {
        name
        for module in (workers.jobs, workers.sweep)
        for name, value in vars(module).items()
        if iscoroutinefunction(value)
        and value.__module__ == module.__name__
        and not name.startswith("_")
    }

    assert named == done
