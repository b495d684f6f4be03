"""Secrets Manager: what is on its way out keeps its name, and takes no change."""

import time

from moto.secretsmanager.exceptions import InvalidRequestException
from moto.secretsmanager.models import SecretsManagerBackend, secretsmanager_backends

from ..clock import clock, later
from ..patching import replace

# AWS seconds from a deletion without recovery until the secret is gone and its name free. AWS
# says only that it happens in the background.
DELETED = 5


@replace(SecretsManagerBackend, "create_secret")
def create_secret(original, self, name, **options):
    secret = self.secrets.get(name)
    if secret and secret.is_deleted():
        raise InvalidRequestException(
            "You can't create this secret because a secret with this name is already scheduled "
            "for deletion."
        )
    return original(self, name=name, **options)


@replace(SecretsManagerBackend, "delete_secret")
def delete_secret(original, self, secret_id, force_delete_without_recovery, **options):
    secret = self.secrets.get(secret_id)
    forced = {"force_delete_without_recovery": force_delete_without_recovery, **options}
    answer = original(self, secret_id=secret_id, **forced)
    if secret and force_delete_without_recovery and clock.timed:
        secret.delete(time.time())
        secret.for_good = True
        self.secrets[secret.name] = secret
        later.schedule(DELETED, secret_gone, self.account_id, self.region_name, secret.arn)
    return answer


@later.effect
def secret_gone(account, region, arn):
    secretsmanager_backends[account][region].secrets.pop(arn)


@replace(SecretsManagerBackend, "restore_secret")
def restore_secret(original, self, secret_id):
    secret = self.secrets.get(secret_id)
    if secret and getattr(secret, "for_good", False):
        raise InvalidRequestException(
            "You can't perform this operation on the secret because it was deleted."
        )
    return original(self, secret_id)


def _refuse_deleted(original, self, arn, *arguments):
    secret = self.secrets.get(arn)
    if secret and secret.is_deleted():
        raise InvalidRequestException(
            "You can't perform this operation on the secret because it was marked for deletion."
        )
    return original(self, arn, *arguments)


for _name in ("tag_resource", "untag_resource"):
    replace(SecretsManagerBackend, _name)(_refuse_deleted)
