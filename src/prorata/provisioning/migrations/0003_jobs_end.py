"""A job that has ended never runs again, and a step keeps its target."""

from django.db import migrations

from prorata.ledger import guards


class Migration(migrations.Migration):
    dependencies = [("provisioning", "0002_reserve"), ("ledger", "0003_nothing_later")]

    operations = [
        # A parked or queued job may be taken up by the worker or woken by staff; what has ended never runs again.
        guards.states(
            "provisioning_job",
            "state",
            {
                "queued": {"running", "parked"},
                "running": {"parked", "attention", "ended"},
                "parked": {"running"},
                "attention": {"parked"},
            },
        ),
        guards.states(
            "provisioning_jobstep",
            "state",
            {
                "pending": {"doing", "done", "restart", "failed", "skipped"},
                "doing": {"done", "restart", "failed"},
            },
        ),
        guards.fixed("provisioning_job", "service_id", "origin"),
        guards.fixed(
            "provisioning_jobstep", "job_id", "position", "kind", "component", "from_value", "to_value"
        ),
    ]
