"""Handing over what somebody had to do: open leads with their follow-ups, and who reports to them."""

from leads.services.handing_over.asking import hand_over, take_back
from leads.services.handing_over.moving import HAND_OVER, TAKE_BACK

__all__ = ["HAND_OVER", "TAKE_BACK", "hand_over", "take_back"]
