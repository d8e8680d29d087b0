"""How often one caller may call: counted together over all processes, exactly."""

from core.api.rate_limit.addresses import network_of
from core.api.rate_limit.counting import WINDOW_SECONDS, Count, count_call

__all__ = ["WINDOW_SECONDS", "Count", "count_call", "network_of"]
