"""What each role may do: the web requires a permission and never asks for a role."""

from collections.abc import Mapping
from enum import StrEnum


class Role(StrEnum):
    """What a key is given out for, and what a user is. Checkpoints and posts are systems, supervisors people."""

    CHECKPOINT = "checkpoint"
    POST = "post"
    OFFICER = "officer"
    SUPERVISOR = "supervisor"
    AUTHOR = "author"
    ADMIN = "admin"


class Permission(StrEnum):
    """`resource:action`."""

    CROSSINGS_WRITE = "crossings:write"
    MANIFESTS_WRITE = "manifests:write"
    CROSSINGS_READ = "crossings:read"
    CROSSINGS_CORRECT = "crossings:correct"
    SUBJECTS_LINK = "subjects:link"
    VIOLATIONS_READ = "violations:read"
    VIOLATIONS_WORK = "violations:work"
    VIOLATIONS_SUPERVISE = "violations:supervise"
    RULES_READ = "rules:read"
    RULES_EVALUATE = "rules:evaluate"
    RULES_ACTIVATE = "rules:activate"
    RULEBOOKS_FETCH = "rulebooks:fetch"
    FORWARDING_READ = "forwarding:read"
    KEYS_MANAGE = "keys:manage"
    USERS_MANAGE = "users:manage"
    WEBHOOKS_MANAGE = "webhooks:manage"
    METRICS_READ = "metrics:read"


_SENDING = frozenset({Permission.CROSSINGS_WRITE, Permission.CROSSINGS_CORRECT, Permission.MANIFESTS_WRITE})
_OF_AN_OFFICER = frozenset(
    {
        Permission.CROSSINGS_READ,
        Permission.CROSSINGS_CORRECT,
        Permission.SUBJECTS_LINK,
        Permission.VIOLATIONS_READ,
        Permission.VIOLATIONS_WORK,
        Permission.RULES_READ,
        Permission.RULES_EVALUATE,
    }
)
PERMISSIONS: Mapping[Role, frozenset[Permission]] = {
    # Not to evaluate: whoever could try events unseen could learn how to pass.
    Role.CHECKPOINT: _SENDING,
    # It judges by itself while its line is down, and needs the rules for that.
    Role.POST: _SENDING | {Permission.RULEBOOKS_FETCH, Permission.FORWARDING_READ},
    Role.OFFICER: _OF_AN_OFFICER,
    Role.SUPERVISOR: _OF_AN_OFFICER | {Permission.VIOLATIONS_SUPERVISE},
    Role.AUTHOR: frozenset({Permission.RULES_READ, Permission.RULES_EVALUATE, Permission.RULES_ACTIVATE}),
    Role.ADMIN: frozenset(Permission),
}

PEOPLE = (Role.OFFICER, Role.SUPERVISOR, Role.AUTHOR, Role.ADMIN)
"""What a user can be."""
