"""Regions that are not enabled in the account: no service there knows its keys.

"Regions launched after March 20, 2019 are disabled by default": Account Management reference,
"Enable or disable AWS Regions in your account" (read on 2026-11-29); the earlier ones are those
below, all others of the partition are botocore's. What is answered: STS and others of the query
protocol remotion-dev/github-unwrapped-2022#34, the JSON protocols ekristen/aws-nuke#774, EC2
segmentio/aws-okta#225, S3 aws/aws-sdk-js#4129. The statuses of the JSON protocols are assumed.
"""

import functools

from botocore.session import Session
from moto.ec2.models import EC2Backend

from . import lax
from .account import account
from .patching import replace
from .strict.refusal import Refusal

ALWAYS = """
ap-northeast-1 ap-northeast-2 ap-northeast-3 ap-south-1 ap-southeast-1 ap-southeast-2
ca-central-1 eu-central-1 eu-north-1 eu-west-1 eu-west-2 eu-west-3 sa-east-1
us-east-1 us-east-2 us-west-1 us-west-2
""".split()
UNKNOWN = "The security token included in the request is invalid"


@functools.cache
def optional():
    """The regions that an account has to enable."""
    return frozenset(Session().get_available_regions("ec2")) - set(ALWAYS)


@replace(EC2Backend, "describe_regions")
def describe_regions(original, self, region_names=None):
    # "The Regions that are enabled for your account, or all Regions" (botocore, DescribeRegions): of
    # the latter moto tells either way, and nobody here asks for them.
    found = original(self, region_names)
    if region_names or "behaviour" in lax.parts:
        return found
    off = optional() - account.regions
    return [region for region in found if region.name not in off]


def check(call):
    """Raises the refusal of a call in a region that is not enabled."""
    if "behaviour" in lax.parts or call.region not in optional() - account.regions:
        return
    if call.service == "ec2":
        message = "AWS was not able to validate the provided access credentials"
        raise Refusal("AuthFailure", message, 401)
    if call.service == "s3":
        message = "The provided token is malformed or otherwise invalid."
        raise Refusal("InvalidToken", message)
    protocol = call.model.service_model.protocol if call.model is not None else "query"
    if protocol == "query":
        raise Refusal("InvalidClientTokenId", UNKNOWN, 403)
    raise Refusal("UnrecognizedClientException", UNKNOWN, 400 if protocol == "json" else 403)
