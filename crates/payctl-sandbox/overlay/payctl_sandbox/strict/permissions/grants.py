"""KMS grants: what a key was lent for, to whom, and under which encryption context.

KMS developer guide, "Grants in AWS KMS": a grant allows and never denies, its operations are KMS's,
and it is of use to its grantee alone.
"""

from . import lookups


def allow(caller, action, arn, context, place):
    """Whether a grant on the key lets the caller do this."""
    key = lookups.find_key(place, arn) if place else None
    if key is None:
        return False
    operation = action.partition(":")[2]
    return any(
        _is_for(grant, caller)
        and operation in grant.operations
        and _constrained(grant.constraints or {}, context)
        for grant in key.grants.values()
    )


def _is_for(grant, caller):
    """Whether the grant is the caller's; a role's is that role's alone, and not one's of its name."""
    if of := getattr(grant, "grantee_id", None):
        return of == caller.user_id.partition(":")[0]
    names = {name for nearness, (_, name) in caller.names.items() if nearness != "account"}
    return grant.grantee_principal in names


def _constrained(constraints, context):
    """Whether the request's encryption context is as the grant has it."""
    for name in ("EncryptionContextSubset", "EncryptionContextEquals"):
        for key, value in (constraints.get(name) or {}).items():
            if context.get(f"kms:encryptioncontext:{key.lower()}") != value:
                return False
    return True
