from accounts.services.access import lift_rule, narrow_access
from accounts.services.people import (
    change_profile,
    create_user,
    deactivate_member,
    reactivate_member,
    update_member,
)
from accounts.services.reporting import set_manager

__all__ = [
    "change_profile",
    "create_user",
    "deactivate_member",
    "lift_rule",
    "narrow_access",
    "reactivate_member",
    "set_manager",
    "update_member",
]
