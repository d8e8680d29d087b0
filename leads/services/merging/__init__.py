"""Making one lead of two, and two of one again."""

from leads.services.merging.merging import MergeResult, Seen, lead_state, merge_leads
from leads.services.merging.undoing import UndoResult, undo_merge, what_stays

__all__ = ["MergeResult", "Seen", "UndoResult", "lead_state", "merge_leads", "undo_merge", "what_stays"]
