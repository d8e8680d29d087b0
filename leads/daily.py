"""What leads do once a day."""

from core.models import Organization
from core.schedule import daily_work
from leads.services.pairing import find_every_pair
from leads.services.statistics.judging import judge_every_line


@daily_work("leads.judge_quality", hour=3)
def judge(organization: Organization) -> None:
    """Judge the leads of every line that were written since the last time."""
    judge_every_line(organization)


@daily_work("leads.find_duplicates", hour=4)
def find_duplicates(organization: Organization) -> None:
    """Look for pairs that may be the same among the leads that were written since the last time."""
    find_every_pair(organization)
