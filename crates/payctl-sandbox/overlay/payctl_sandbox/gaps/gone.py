"""What is still told of that which is gone: for an hour of EC2's, and no tags of anything else."""

import time

from moto.cloudtrail.models import CloudTrailBackend
from moto.cloudwatch.models import CloudWatchBackend
from moto.ec2.models import EC2Backend
from moto.ec2.responses.tags import TagResponse
from moto.s3.models import S3Backend
from moto.ssm.models import SimpleSystemManagerBackend

from ..clock import clock
from ..patching import replace

# Seconds that EC2 still describes a terminated instance ("usually less than one hour", reference
# of DescribeInstances), that GetResources lists it ("about an hour", boto3#1704), and, assumed to
# be alike, a NAT gateway that is deleted or failed. moto does so for ever.
REMEMBERED = 3600

# What `iter_tagged_resources` tells of, by the beginning of its ids.
KINDS = {"acl", "eipalloc", "eni", "fl", "i", "igw", "lt", "nat", "rtb", "sg", "subnet"}
KINDS |= {"vol", "vpc", "vpce"}


def _forget(backend):
    """Drops what has been gone for an hour: without a time scale, for one of ours."""
    since = time.time() - (clock.seconds(REMEMBERED) if clock.timed else REMEMBERED)

    def over(resource):
        return getattr(resource, "gone_at", since) < since

    for name, reservation in list(backend.reservations.items()):
        if any(map(over, reservation.instances)):
            kept = [instance for instance in reservation.instances if not over(instance)]
            reservation.instances = kept
            if not kept:
                del backend.reservations[name]
    for identifier, nat in list(backend.nat_gateways.items()):
        if over(nat):
            del backend.nat_gateways[identifier]


@replace(EC2Backend, "all_reservations")
def all_reservations(original, self, *arguments, **options):
    _forget(self)
    return original(self, *arguments, **options)


@replace(EC2Backend, "describe_nat_gateways")
def describe_nat_gateways(original, self, *arguments, **options):
    _forget(self)
    return original(self, *arguments, **options)


@replace(EC2Backend, "iter_tagged_resources")
def iter_tagged_resources(original, self):
    _forget(self)
    yield from original(self)


@replace(TagResponse, "describe_tags")
def describe_tags(original, self):
    # That they go with what they are on, and at once, is assumed.
    backend = self.ec2_backend
    there = {resource.arn.rsplit("/", 1)[-1] for resource in backend.iter_tagged_resources()}
    for identifier in list(backend.tags):
        if identifier.rsplit("-", 1)[0] in KINDS and identifier not in there:
            del backend.tags[identifier]
    return original(self)


# Tags that moto keeps by name: the next of the same name would have them, and GetResources list it.


@replace(S3Backend, "delete_bucket")
def delete_bucket(original, self, bucket_name):
    bucket = original(self, bucket_name)
    if bucket is not None:
        self.tagger.delete_all_tags_for_resource(bucket.arn)
    return bucket


@replace(CloudWatchBackend, "delete_alarms")
def delete_alarms(original, self, alarm_names):
    arns = [alarm.alarm_arn for alarm in self.get_alarms_by_alarm_names(alarm_names)]
    original(self, alarm_names)
    for arn in arns:
        self.tagger.delete_all_tags_for_resource(arn)


@replace(CloudTrailBackend, "delete_trail")
def delete_trail(original, self, name):
    trail = self.trails.get(name)
    original(self, name)
    if trail is not None:
        self.tagging_service.delete_all_tags_for_resource(trail.arn)


def _delete_parameters(self, names, delete):
    # They are kept by the parameter's name, and moto looks for them by a shortened one.
    found = [self.get_parameter(name) for name in names]
    answer = delete()
    for parameter in filter(None, found):
        self._resource_tags["Parameter"].pop(parameter.name, None)
    return answer


@replace(SimpleSystemManagerBackend, "delete_parameter")
def delete_parameter(original, self, name):
    return _delete_parameters(self, [name], lambda: original(self, name))


@replace(SimpleSystemManagerBackend, "delete_parameters")
def delete_parameters(original, self, names):
    return _delete_parameters(self, names, lambda: original(self, names))
