"""What a function's role allows, and the credentials that a function has of it.

Permissions of temporary credentials are evaluated each time they are used (IAM user guide,
"Disabling permissions for temporary security credentials", read on 2026-11-29): what a function
holds in its environment allows nothing any more once its role's policies are gone. That this is so
as well once the role itself is gone follows; that it is so at once and not after some minutes is
assumed.
"""

from .. import lax
from ..lock import lock
from ..strict.permissions import allowed_by, keys, lookups, operator, place_of, sessions


class KeyRefused(Exception):
    """Why the function's environment cannot be decrypted: Lambda's error and its text."""

    def __init__(self, kind, message):
        super().__init__(message)
        self.kind = kind


def begin(definition):
    """Credentials for one process of the function; refused if its environment stays encrypted."""
    place = place_of(definition.region, definition.account)
    with lock:
        # Without the sandbox's behaviour there are no grants to decrypt by.
        asked = operator.asked and "behaviour" not in lax.parts
        if asked and definition.key and definition.environment:
            _decrypt(definition, place)
        name = definition.name
        return sessions.begin(place, definition.role, name, definition.subnets)


def _decrypt(definition, place):
    """Lambda decrypts the environment as the role: by the grant that it made (see
    `gaps.function_grants`), or by the role's own right to the key.

    The grant is for the role that there was: one made anew under its name is another, and has only
    what its policies say (hashicorp/terraform-provider-aws#6352 and serverless/examples#279; that
    either suffices: dev.classmethod.jp, "kms when using a CMK", and cattle-ops/
    terraform-aws-gitlab-runner#1253). The texts are those of re:Post's
    "lambda-kmsaccessdeniedexception-errors".
    """
    text = "Lambda was unable to decrypt the environment variables because "
    check = "Please check the function's KMS key settings."
    key = lookups.find_key(place, definition.key)
    role = lookups.role(place, definition.role)
    if key is not None and key.key_state == "Disabled":
        raise KeyRefused("KMSDisabledException", f"{text}the KMS key used is disabled. {check}")
    context = {
        "kms:viaservice": f"lambda.{place.region}.amazonaws.com",
        "kms:calleraccount": place.account,
        "kms:encryptioncontext:aws:lambda:functionarn": ":".join(definition.arn.split(":")[:7]),
    }
    if key is not None and role is not None:
        if allowed_by(role, "kms:Decrypt", key.arn, place, key.policy, context):
            return
    raise KeyRefused(
        "KMSAccessDeniedException",
        f"{text}KMS access was denied. {check} KMS Exception: AccessDeniedException KMS Message: "
        "The ciphertext refers to a customer master key that does not exist, does not exist in "
        "this region, or you are not allowed to access.",
    )


def may(definition, action, resource, key=None, via=None):
    """Whether the function's role may do this; not so when the role is gone.

    With a key, whether it may decrypt with that besides, through the service `via`.
    """
    place = place_of(definition.region, definition.account)
    role = lookups.role(place, definition.role)
    if role is None or not allowed_by(role, action, resource, place):
        return False
    found = keys.own(place, key) if key else None
    if found is None:
        return True
    context = {"kms:viaservice": f"{via}.{place.region}.amazonaws.com"}
    return allowed_by(role, "kms:Decrypt", found.arn, place, found.policy, context)
