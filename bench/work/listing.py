"""Lists as pages and API read them, through the query layer, as the application role."""

import json
import time
from pathlib import Path
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

from bench.work.preparing import actor, line, organization
from core.scope import organization_scope
from leads.queries.lead_list import DEFAULT_PAGE, Catalog, LeadListQuery, list_leads, parse_filters


def read_page(
    who: str, address: str, *, page_size: int = DEFAULT_PAGE, is_first: bool = False
) -> dict[str, float]:
    """Read a first page and, unless `is_first`, the one after it.

    Returns the milliseconds of the slower one, those of processor (Python's and PostgreSQL's) that the dearer one
    took, and how many leads came at first.
    """
    with organization_scope(organization(), reason="bench"):
        person, chosen = actor(who), line()
        role, backend = _role()
        took, used, leads = [], [], 0
        cursor = ""
        for _page in range(1 if is_first else 2):
            began, processor = time.perf_counter(), _processor(backend)
            page = list_leads(person, _query(person, chosen, address, cursor, page_size))
            took.append((time.perf_counter() - began) * 1_000)
            used.append(_processor(backend) - processor)
            leads = len(page.rows) if not cursor else leads
            cursor = page.next_cursor
            if not cursor:
                break
    assert role == "leadledger_application", role
    return {"milliseconds": max(took), "processor": max(used), "leads": leads}


def _processor(backend: int) -> float:
    """Milliseconds of processor that this process and its backend have used. The kernel tells them finely there."""
    told = Path(f"/proc/{backend}/schedstat")
    server = int(told.read_text().split()[0]) / 1e6 if told.exists() else 0.0
    return time.process_time() * 1_000 + server


def _role() -> tuple[str, int]:
    """As whom the database is asked, and the process that answers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, pg_backend_pid()")
        role, backend = cursor.fetchone()
        return str(role), int(backend)


def _query(
    person: Any, chosen: Any, address: str, cursor: str = "", page_size: int = DEFAULT_PAGE
) -> LeadListQuery:
    given = dict(part.split("=", 1) for part in address.split("&") if part)
    search, ordering = given.pop("search", ""), given.pop("ordering", "-created")
    return LeadListQuery(
        line=chosen,
        search=search,
        conditions=parse_filters(Catalog(person, chosen), given),
        ordering=ordering,
        cursor=cursor,
        page_size=page_size,
    )


def plans(who: str, address: str) -> list[str]:
    """The plans of the statements on leads that a first page makes, as PostgreSQL carried them out."""
    with organization_scope(organization(), reason="bench"):
        person, chosen = actor(who), line()
        with CaptureQueriesContext(connection) as made:
            list_leads(person, _query(person, chosen, address))
        told = []
        for query in made.captured_queries:
            statement = query["sql"]
            if not statement.startswith(("SELECT", "(SELECT")) or "leads_lead" not in statement:
                continue
            with connection.cursor() as cursor:
                cursor.execute("EXPLAIN (ANALYZE, BUFFERS, COSTS OFF) " + statement.replace("%", "%%"), [])
                told.append("\n".join(row[0] for row in cursor.fetchall()))
    return told


def lead_codes() -> dict[str, str]:
    """Values that some lead in the middle of the list has: what a search for one lead types."""
    from leads.models import Lead

    with organization_scope(organization(), reason="bench"):
        count = Lead.objects.count()
        lead = Lead.objects.filter(row_number__gte=count // 2).order_by("row_number").first()
        assert lead is not None
        return {
            "reference": lead.reference,
            "phone": lead.phone,
            "fragment": lead.phone[-6:],
            "name": lead.name.replace(" ", "%20"),
            "mail": lead.email,
            "pan": json.dumps(lead.data["pan"]).strip('"'),
        }
