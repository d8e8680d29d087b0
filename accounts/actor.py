"""Who acts: a user in one organisation, with the roles held there. Every query and service takes one."""

from dataclasses import dataclass, field

from accounts.key_scopes import Permission
from accounts.models import Membership, User
from accounts.queries.access import load_narrowing, narrowing_of
from accounts.roles import Area, Level, Narrowing, Role, granted_level
from core.errors import NotPermitted
from core.models import Organization


@dataclass(frozen=True, slots=True)
class Actor:
    """`membership` is None only for the system itself (commands run by the operator of the machine)."""

    user: User | None
    membership: Membership | None
    organization: Organization
    roles: frozenset[Role]
    # What the organisation allows less than the table of roles does.
    narrowing: Narrowing = field(default_factory=dict, repr=False, compare=False)
    # What the credential is restricted to (`accounts.key_scopes`); None for whatever the roles allow.
    scopes: frozenset[Permission] | None = None

    @classmethod
    def of(cls, membership: Membership, scopes: frozenset[Permission] | None = None) -> "Actor":
        """Return the actor for a membership whose user and organisation are loaded.

        What is narrowed comes with a membership of `active_memberships`; else it is one query.
        """
        rules = getattr(membership, "access_rules", None)
        narrowing = load_narrowing(membership.organization_id) if rules is None else narrowing_of(rules)
        return cls(
            membership.user, membership, membership.organization, membership.role_set, narrowing, scopes
        )

    @classmethod
    def system(cls, organization: Organization) -> "Actor":
        """Return the actor of a command: everything within one organisation, and named as the system."""
        return cls(None, None, organization, frozenset({Role.ADMIN, Role.OPERATIONS}))

    def level(self, area: Area, verb: str) -> Level:
        """How far the actor's roles reach for the verb in the area, as far as the credential goes."""
        if self.scopes is not None and (area, verb) not in self.scopes:
            return Level.NONE
        return granted_level(self.roles, area, verb, self.narrowing)

    def may(self, area: Area, verb: str) -> bool:
        """Whether the actor may do this to any row at all."""
        return self.level(area, verb) is not Level.NONE

    def require(self, area: Area, verb: str) -> Level:
        """Return the level, or raise NotPermitted."""
        level = self.level(area, verb)
        if level is Level.NONE:
            raise NotPermitted
        return level

    @property
    def is_restricted(self) -> bool:
        """Whether the credential allows less than the roles: what is the person's own is then not the actor's."""
        return self.scopes is not None

    @property
    def label(self) -> str:
        return str(self.membership) if self.membership else "System"
