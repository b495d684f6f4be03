"""CloudWatch Logs: the key of a log group, and what goes with a group that is deleted."""

from moto.core.exceptions import JsonRESTError
from moto.logs.exceptions import InvalidParameterException, ResourceNotFoundException
from moto.logs.models import LogsBackend
from moto.logs.responses import LogsResponse

from ..partitions import suffix
from ..patching import replace
from .services_using_keys import find_key, may_use

ACTIONS = ("kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey")
GROUP, RESULTS = ":log-group:", ":query-result:"


class AccessDenied(JsonRESTError):
    code = 400

    def __init__(self, arn):
        # Also where the key is missing: ministryofjustice/modernisation-platform#7870 (2024) has
        # this answer of AssociateKmsKey, terraform-provider-aws#29282 of CreateLogGroup.
        super().__init__(
            "AccessDeniedException",
            "The specified KMS key does not exist or is not allowed to be used with Arn "
            f"'{arn}'",
        )


def _refuse_unusable(self, arn, name, key_id):
    if not key_id.startswith("arn:"):
        # Both calls' reference asks for an ARN; the answer to an id is from terraform#24194.
        raise InvalidParameterException(
            f"The specified KMS Key Id could not be found. '{name}'"
        )
    key = find_key(self.account_id, self.region_name, key_id)
    context = {
        "kms:encryptioncontext:aws:logs:arn": arn,
        "aws:sourcearn": arn,
        "aws:sourceaccount": self.account_id,
    }
    # By region and partition, as few are (aws-cdk, region-info/lib/default.ts; 2026-11-29).
    principal = ("Service", f"logs.{self.region_name}.{suffix(self.region_name)}")
    if key is None or not may_use(key, principal, ACTIONS, context):
        raise AccessDenied(arn)
    if key.key_state != "Enabled":
        # The code is from both calls' reference ("the KMS key is disabled, you receive an
        # InvalidParameterException"); the words, and that a key pending deletion counts as
        # disabled, are assumed.
        raise InvalidParameterException(f"The specified KMS key is disabled: {key.arn}")


@replace(LogsBackend, "create_log_group")
def create_log_group(original, self, log_group_name, tags, **options):
    if options.get("kmsKeyId") and log_group_name not in self.groups:
        place = f"arn:{self.partition}:logs:{self.region_name}:{self.account_id}"
        arn = f"{place}{GROUP}{log_group_name}"
        _refuse_unusable(self, arn, log_group_name, options["kmsKeyId"])
    return original(self, log_group_name, tags, **options)


@replace(LogsBackend, "delete_log_group")
def delete_log_group(original, self, log_group_name):
    group = self.groups.get(log_group_name)
    original(self, log_group_name)
    # moto keeps them, and the next group of this name would have them again.
    self.tagger.delete_all_tags_for_resource(group.arn)


def _target(self):
    """The ARN that a call is about, and its log group; a query-result has none."""
    name, resource = self._get_param("logGroupName"), self._get_param("resourceIdentifier")
    if bool(name) == bool(resource):
        raise InvalidParameterException(
            "Exactly one of logGroupName and resourceIdentifier must be specified"
        )
    if resource and RESULTS in resource:
        return resource, None
    if resource:
        _, found, name = resource.partition(GROUP)
        if not found:
            raise InvalidParameterException(f"Invalid resourceIdentifier: {resource}")
    group = self.logs_backend.groups.get(name)
    if group is None:
        raise ResourceNotFoundException
    return group.arn, group


def _associate_kms_key(self):
    arn, group = _target(self)
    key = self._get_param("kmsKeyId")
    _refuse_unusable(self.logs_backend, arn, group.name if group else arn, key)
    # The key of query results shows nowhere.
    if group:
        group.kms_key_id = key
    return ""


def _disassociate_kms_key(self):
    _, group = _target(self)
    if group:
        group.kms_key_id = None
    return ""


# moto has neither.
LogsResponse.associate_kms_key = _associate_kms_key
LogsResponse.disassociate_kms_key = _disassociate_kms_key
