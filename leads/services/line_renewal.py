"""Bringing what follows from a line's rules to its stored leads: a job that begins again where rules change meanwhile.

Each change of rules draws a token for the line, which writers of leads pin. A batch pins the line too, so that the last
one ends with the rules that it knows in force, and whoever changes them sees whether a job will yet meet them.
"""

from collections.abc import Callable
from typing import Any

from core.jobs import JobRun
from leads.models import BusinessLine, Lead
from leads.services.lines import pin_line

BATCH = 2_000


def renew_line(
    run: JobRun,
    *,
    token: Callable[[BusinessLine], int],
    write: Callable[[BusinessLine, list[Lead]], int],
    finish: Callable[[BusinessLine], None] = lambda line: None,
) -> dict[str, Any]:
    """Call `write` with the live leads of a line, locked, in batches that commit with the job's cursor.

    `write` returns how many leads it changed; `finish` runs with the last batch, the line pinned.
    """
    line_id = run.parameters["line"]
    leads = Lead.objects.filter(line_id=line_id)
    if not run.cursor:
        beginning = {"token": None, "after": 0, "changed": 0, "is_over": False}
        run.advance(cursor=beginning, total=leads.count())
    while not run.cursor["is_over"]:
        with run.batch():
            line = pin_line(line_id)
            cursor, done = dict(run.cursor), run.done
            if cursor["token"] != token(line):
                cursor |= {"token": token(line), "after": 0}
                done = 0
            some = list(
                leads.filter(pk__gt=cursor["after"]).select_for_update(no_key=True).order_by("pk")[:BATCH]
            )
            if some:
                cursor["changed"] += write(line, some)
                cursor["after"] = some[-1].pk
            else:
                finish(line)
                cursor["is_over"] = True
            run.advance(cursor=cursor, done=done + len(some))
    return {"leads": run.done, "changed": run.cursor["changed"]}
