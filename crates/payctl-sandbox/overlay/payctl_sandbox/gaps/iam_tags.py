"""IAM: a role's and a user's tags by keys whose case does not count, 50 at most.

"If you have tagged a user with the Department=finance tag and you add the department=hr tag, it
replaces the first tag": IAM guide, "Tagging IAM resources" (2023-06-15), which has it of roles and
users only. 50 tags: IAM guide, "IAM and AWS STS quotas"; the code is the model's. moto keeps both.
"""

from moto.core.exceptions import ServiceException
from moto.iam.models import IAMBackend

from ..lax import rule

MOST = 50


class LimitExceeded(ServiceException):
    code = "LimitExceeded"


@rule(IAMBackend, "tag_role")
def tag_role(original, self, role_name, tags):
    role = self.get_role(role_name)
    role.tags = _others(role.tags, tags)
    return original(self, role_name, tags)


@rule(IAMBackend, "untag_role")
def untag_role(original, self, role_name, tag_keys):
    role = self.get_role(role_name)
    keys = {key.lower() for key in tag_keys}
    gone = [tag["Key"] for tag in role.tags if tag["Key"].lower() in keys]
    return original(self, role_name, gone)


@rule(IAMBackend, "tag_user")
def tag_user(original, self, name, tags):
    user = self.get_user(name)
    before = self.tagger.list_tags_for_resource(user.arn)["Tags"]
    kept = _others(before, tags)
    gone = [tag["Key"] for tag in before if tag not in kept]
    self.tagger.untag_resource_using_names(user.arn, gone)
    return original(self, name, tags)


def _others(before, tags):
    """The tags that stay beside new ones."""
    keys = {tag["Key"].lower() for tag in tags}
    kept = [tag for tag in before if tag["Key"].lower() not in keys]
    if len(kept) + len(tags) > MOST:
        raise LimitExceeded(f"Cannot exceed quota for TagsPerResource: {MOST}")
    return kept
