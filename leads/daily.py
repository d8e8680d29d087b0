"""What leads do once a day."""

from core.models import Organization
from core.schedule import daily_work
from leads.services.statistics.judging import judge_every_line


@daily_work("leads.judge_quality", hour=3)
def judge(organization: Organization) -> None:
    """Judge the leads of every line that were written since the last time."""
    judge_every_line(organization)
