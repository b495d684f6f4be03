"""KMS: the rotation period, and keys that may not be used."""

import json

from moto.core.exceptions import JsonRESTError
from moto.kms.models import KmsBackend
from moto.kms.responses import KmsResponse

from ..patching import replace

YEAR = 365


@replace(KmsResponse, "enable_key_rotation")
def enable_key_rotation(original, self):
    period = self._get_param("RotationPeriodInDays")
    if period is not None and not 90 <= int(period) <= 2560:
        raise JsonRESTError(
            "ValidationException",
            f"1 validation error detected: Value '{period}' at 'rotationPeriodInDays' failed to "
            "satisfy constraint: Member must have value between 90 and 2560",
        )
    answer = original(self)
    key = _key(self)
    key.rotation_period = int(period or getattr(key, "rotation_period", None) or YEAR)
    return answer


@replace(KmsResponse, "get_key_rotation_status")
def get_key_rotation_status(original, self):
    answer = json.loads(original(self))
    key = _key(self)
    answer["KeyId"] = key.arn
    if answer["KeyRotationEnabled"]:
        answer["RotationPeriodInDays"] = getattr(key, "rotation_period", YEAR)
    return json.dumps(answer)


def _key(response):
    backend = response.kms_backend
    return backend.keys[backend.get_key_id(response._get_param("KeyId"))]


class KMSInvalidStateException(JsonRESTError):
    code = 400

    def __init__(self, arn, state):
        words = {"PendingDeletion": "pending deletion", "PendingImport": "pending import"}
        super().__init__("KMSInvalidStateException", f"{arn} is {words.get(state, state)}.")


class DisabledException(JsonRESTError):
    code = 400

    def __init__(self, arn):
        super().__init__("DisabledException", f"{arn} is disabled.")


def refuse_unusable(key):
    """Raises what AWS answers for a key that exists and cannot be used."""
    if key.key_state == "Disabled":
        raise DisabledException(key.arn)
    if key.key_state != "Enabled":
        raise KMSInvalidStateException(key.arn, key.key_state)


@replace(KmsBackend, "encrypt")
def encrypt(original, self, key_id, plaintext, encryption_context):
    refuse_unusable(self.keys[self.any_id_to_key_id(key_id)])
    return original(self, key_id, plaintext, encryption_context)


@replace(KmsBackend, "decrypt")
def decrypt(original, self, ciphertext_blob, encryption_context, key_id=None):
    plaintext, arn = original(self, ciphertext_blob, encryption_context, key_id)
    refuse_unusable(self.keys[self.get_key_id(arn)])
    return plaintext, arn


def _by_any_name(original, self, key_id, *arguments, **options):
    """moto knows keys by id only here, and answers 500 to an ARN."""
    key_id = self.get_key_id(key_id)
    key = self.keys[key_id]
    if key.key_state == "PendingDeletion":
        raise KMSInvalidStateException(key.arn, key.key_state)
    return original(self, key_id, *arguments, **options)


CHANGES = (
    "enable_key",
    "disable_key",
    "enable_key_rotation",
    "disable_key_rotation",
    "schedule_key_deletion",
)
for _name in CHANGES:
    replace(KmsBackend, _name)(_by_any_name)


@replace(KmsBackend, "cancel_key_deletion")
def cancel_key_deletion(original, self, key_id):
    key_id = self.get_key_id(key_id)
    key = self.keys[key_id]
    if key.key_state != "PendingDeletion":
        raise KMSInvalidStateException(key.arn, f"{key.key_state}, not pending deletion")
    original(self, key_id)
