"""A million finished tasks, as the store would have them after some months; and its list pages."""

import time

import psycopg

from benchmarks.cluster.world import World
from benchmarks.figure import Figure

TASKS = 1_000_000
PAGES = (
    ("data_access", "/task?limit=100"),
    ("data_access", "/task?status=FINISHED&limit=100"),
    ("data_access", "/workflow?limit=100"),
    ("data_access", "/task/all?limit=100"),
    ("dsm", "/api/v1/dataset?limit=100"),
    ("dsm", "/api/v1/dataset?newest=true&limit=100"),
    ("dsm", "/api/v1/journal?newest=true&limit=100"),
    ("data_access", "/event?after=0&limit=100"),
)
"""Copies of what is there, under higher numbers and other names."""
_COPIES = (
    "INSERT INTO dataset SELECT dataset_id + {0}, CASE WHEN uid IS NULL THEN NULL ELSE "
    "md5(uid || '{0}') END, namespace, scope, name || '.{0}', kind, 'CLOSED', "
    "workflow_id + {0}, run, 1, false FROM dataset WHERE dataset_id <= {1}",
    "INSERT INTO workflow (workflow_id, template_id, dataset_id, rerun, namespace, recipe_digest, "
    '"values", created_at) SELECT workflow_id + {0}, template_id, dataset_id + {0}, rerun, '
    'namespace, recipe_digest, "values", created_at FROM workflow WHERE workflow_id <= {2}',
    "INSERT INTO task (task_id, workflow_id, step, mode, exec, args, rank, device, retry, "
    "datas_in_id, datas_out_id, datas_log_id, status, waiting, external_id, jobs, finished, "
    "created_at, submitted_at, ended_at) SELECT task_id + {0}, workflow_id + {0}, step, mode, "
    "exec, args, rank, device, retry, datas_in_id + {0}, datas_out_id + {0}, datas_log_id + {0}, "
    "'FINISHED', 0, 'task.' || (task_id + {0}), 1, 1, created_at, created_at, created_at "
    "FROM task WHERE task_id <= {3}",
    "INSERT INTO task_input SELECT task_id + {0}, step, dataset_id + {0}, until, true "
    "FROM task_input WHERE task_id <= {3}",
)


def fill(world: World) -> None:
    """Have a million finished tasks, with their workflows and datasets, in data-access's store."""
    with psycopg.connect(world.databases["data-access"], autocommit=True) as connection:
        tops = [_top(connection, name) for name in ("dataset", "workflow", "task")]
        copies = -(-TASKS // tops[2])
        step = max(tops) + 1
        for number in range(1, copies + 1):
            for statement in _COPIES:
                connection.execute(statement.format(number * step, *tops).encode())
        # New ids come after all of them.
        connection.execute(f"UPDATE counter SET value = {(copies + 1) * step}".encode())
        connection.execute(b"ANALYZE")


def _top(connection: "psycopg.Connection[tuple[int]]", table: str) -> int:
    row = connection.execute(f"SELECT max({table}_id) FROM {table}".encode()).fetchone()
    return row[0] if row else 0


async def slowest_page(world: World) -> list[Figure]:
    """Return how long the slowest of all list pages took, each the best of three."""
    slowest = 0.0
    for owner, path in PAGES:
        client = getattr(world.clients, owner)
        took = []
        for _ in range(3):
            began = time.perf_counter()
            await client.call("GET", path, bytes)
            took.append(time.perf_counter() - began)
        slowest = max(slowest, min(took))
    name = "slowest list page, 1 000 000 finished tasks"
    return [Figure(name, round(1000 * slowest), "ms", 100, at_least=False)]
