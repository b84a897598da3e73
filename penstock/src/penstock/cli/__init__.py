"""The command ``penstock``: every command in one table."""

from daqsim.cli import daq
from penstock.cli import (
    acting,
    alarm,
    audit,
    backfill,
    cluster,
    dataset,
    explain,
    file_provenance,
    files,
    importing,
    jobs,
    messages,
    queues,
    rule,
    running,
    runs,
    sandbox,
    sign_in,
    status,
    storages,
    task,
    template,
    trying,
    user,
    versions,
    workflow,
)
from penstock.cli.app import Group, build, run

COMMANDS: dict[str, Group] = {
    "": Group(
        {
            "up": running.up,
            "demo": running.demo,
            "serve": running.serve,
            "daq": daq,
            "status": status.status,
            "explain": explain.explain,
            "audit": audit.audit,
            "sandbox": sandbox.sandbox,
            "login": sign_in.login,
            "logout": sign_in.logout,
        },
    ),
    "template": Group(
        {
            "check": template.check,
            "test": trying.try_out,
            "import-panda": importing.import_panda,
            "plan": template.plan,
            "upload": template.upload,
            "list": template.list_all,
            "show": versions.show_one,
            "rollback": versions.rollback,
            "shadow": versions.shadow,
            "backfill": backfill.backfill,
            "backfills": backfill.backfills,
        },
        "Templates: what is done with which datasets.",
    ),
    "workflow": Group(
        {"list": workflow.list_all, "show": workflow.show_one, "rerun": workflow.rerun},
        "Workflows: a template's whole chain over a dataset.",
    ),
    "dataset": Group(
        {
            "list": dataset.list_all,
            "show": dataset.show_one,
            "close": dataset.close,
            "delete": dataset.delete,
        },
        "Datasets: what came in and what was made.",
    ),
    "file": Group(
        {
            "list": files.list_all,
            "show": files.show_one,
            "quarantine": files.quarantine,
            "release": files.release,
            "lost": files.lost,
            "provenance": file_provenance.provenance,
        },
        "Files: what is known of each, those in quarantine, where they come from.",
    ),
    "storage": Group(
        {"list": storages.list_all, "show": storages.show_one, "dark": storages.dark},
        "Storages: how full they are, and what lies there that nobody knows.",
    ),
    "run": Group(
        {"list": runs.list_all, "show": runs.show_one},
        "Runs of the DAQ: what was announced, what came, what does not fit.",
    ),
    "rule": Group(
        {
            "list": rule.list_all,
            "show": rule.show_one,
            "set": rule.set_one,
            "remove": rule.remove,
            "test": rule.ask,
        },
        "Rules for datasets: when they close, their parts, their lifetime.",
    ),
    "task": Group(
        {
            "list": task.list_all,
            "submit": task.submit,
            "retry": acting.retry,
            "pause": acting.pause,
            "resume": acting.resume,
            "cancel": acting.cancel,
            "rank": acting.rank,
            "accept-loss": acting.accept_loss,
            "history": acting.history,
        },
        "Tasks: one step of a chain over a dataset.",
    ),
    "alarm": Group(
        {"list": alarm.list_all, "ack": alarm.acknowledge},
        "Alarms: what wants a person's eyes.",
    ),
    "messages": Group(
        {
            "journal": messages.journal,
            "queues": queues.queues,
            "peek": queues.peek,
            "dead": queues.dead,
            "redrive": queues.redrive,
            "discard": queues.discard,
        },
        "Messages: what came in, what waits, what died.",
    ),
    "jobs": Group(
        {"list": jobs.list_all, "hold": jobs.hold, "release": jobs.release},
        "Jobs: one file of a task each.",
    ),
    "cluster": Group(
        {
            "start": cluster.start,
            "status": cluster.status,
            "scale": cluster.scale,
            "restart": cluster.restart,
            "stop": cluster.stop,
            "logs": cluster.logs,
        },
        "Every service in a process of its own, on this machine.",
    ),
    "user": Group(
        {"list": user.list_all, "role": user.role, "password": user.password},
        "Users and what they may do.",
    ),
}

app = build(COMMANDS)


def main() -> None:
    """Run the command line."""
    run(app)
