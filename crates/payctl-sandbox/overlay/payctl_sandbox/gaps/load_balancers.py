"""Elastic Load Balancing: the time a load balancer takes, its network interfaces, where it may
write its logs, and what AWS refuses."""

from moto.ec2.exceptions import InvalidSubnetIdError
from moto.ec2.models import ec2_backends
from moto.elbv2.exceptions import (
    ActionTargetGroupNotFoundError,
    DuplicateListenerError,
    DuplicateLoadBalancerName,
    ELBClientError,
    SubnetNotFoundError,
    TooManyTagsError,
)
from moto.elbv2.models import ELBv2Backend, FakeLoadBalancer
from moto.elbv2.models import elbv2_backends as backends
from moto.elbv2.ssl_policies import SSL_POLICIES
from moto.s3.models import s3_backends

from ..clock import later
from ..patching import replace
from ..policy import ALLOW, decide

# AWS seconds until a load balancer works; from its deletion until its interfaces are free; and
# from then until AWS removes those that nobody deleted.
ACTIVE, FREE, REMOVED = 150, 60, 180
# Who writes the logs: a service, and in the older regions an account before it.
WRITERS = (
    ("Service", "logdelivery.elasticloadbalancing.amazonaws.com"),
    ("AWS", "arn:aws:iam::127311923021:root"),
)
MOST_TAGS = 50

# moto's are active from the second look on.
FakeLoadBalancer.activate = lambda self: None


@replace(ELBv2Backend, "create_load_balancer")
def create_load_balancer(original, self, name, security_groups, subnet_ids, **options):
    there = next((one for one in self.load_balancers.values() if one.name == name), None)
    if there:
        return _same_load_balancer(there, security_groups, subnet_ids, options)
    _check_subnets(self, subnet_ids)
    for group in security_groups:
        if self.ec2_backend.get_security_group_from_id(group) is None:
            raise ELBClientError("InvalidSecurityGroup", f"Security group {group} is not valid")
    made = original(
        self, name=name, security_groups=security_groups, subnet_ids=subnet_ids, **options
    )
    if not security_groups:
        made.security_groups = [self.ec2_backend.get_default_security_group(made.vpc_id).id]
    _fit_interfaces(self, made)
    later.schedule(ACTIVE, load_balancer_active, self.account_id, self.region_name, made.arn)
    return made


def _same_load_balancer(there, security_groups, subnet_ids, options):
    """A second creation with the same settings is answered like the first, as by AWS."""
    same = (
        there.scheme == options.get("scheme")
        and set(there.security_groups) == set(security_groups)
        and {subnet.id for subnet in there.subnets} == set(subnet_ids)
    )
    if not same:
        raise DuplicateLoadBalancerName()
    return there


@later.effect
def load_balancer_active(account, region, arn):
    if balancer := backends[account][region].load_balancers.get(arn):
        balancer.state = "active"


@replace(ELBv2Backend, "delete_load_balancer")
def delete_load_balancer(original, self, arn):
    balancer = self.load_balancers.get(arn)
    if balancer and balancer.attrs.get("deletion_protection.enabled") == "true":
        raise ELBClientError(
            "OperationNotPermitted",
            f"Load balancer '{arn}' cannot be deleted because deletion protection is enabled",
        )
    original(self, arn)
    if balancer:
        later.schedule(FREE, interfaces_free, self.account_id, self.region_name, _marked(balancer))


def _check_subnets(backend, subnet_ids):
    try:
        zones = {backend.ec2_backend.get_subnet(one).availability_zone for one in subnet_ids}
    except InvalidSubnetIdError:
        raise SubnetNotFoundError() from None
    if len(zones) < 2:
        raise ELBClientError(
            "ValidationError",
            "At least two subnets in two different Availability Zones must be specified",
        )


# Interfaces


def _marked(balancer):
    """How its interfaces are described."""
    return f"ELB {balancer.arn.split(':loadbalancer/')[1]}"


def _interfaces(account, region, description):
    enis = ec2_backends[account][region].enis
    return [eni for eni in list(enis.values()) if eni.description == description]


def _fit_interfaces(backend, balancer):
    """One interface in each of its subnets, in its groups."""
    place = backend.account_id, backend.region_name
    ec2 = ec2_backends[backend.account_id][backend.region_name]
    there = {eni.subnet.id: eni for eni in _interfaces(*place, _marked(balancer))}
    wanted = {subnet.id for subnet in balancer.subnets}
    for subnet in set(there) - wanted:
        ec2.enis.pop(there.pop(subnet).id)
    for subnet in sorted(wanted - set(there)):
        there[subnet] = ec2.create_network_interface(subnet, None, description=_marked(balancer))
    for eni in there.values():
        eni._group_set = [ec2.get_security_group_from_id(one) for one in balancer.security_groups]
        eni.status = "in-use"
        eni.requester_managed = True
        eni.requester_id = "amazon-elb"


@replace(ELBv2Backend, "set_subnets")
def set_subnets(original, self, arn, *arguments):
    zones = original(self, arn, *arguments)
    _fit_interfaces(self, self.load_balancers[arn])
    return zones


@replace(ELBv2Backend, "set_security_groups")
def set_security_groups(original, self, arn, *arguments):
    original(self, arn, *arguments)
    _fit_interfaces(self, self.load_balancers[arn])


@later.effect
def interfaces_free(account, region, description):
    for eni in _interfaces(account, region, description):
        eni.status = "available"
    later.schedule(REMOVED, interfaces_removed, account, region, description)


@later.effect
def interfaces_removed(account, region, description):
    for eni in _interfaces(account, region, description):
        ec2_backends[account][region].enis.pop(eni.id)


# Logs


@replace(ELBv2Backend, "modify_load_balancer_attributes")
def modify_load_balancer_attributes(original, self, arn, attrs):
    balancer = self.load_balancers.get(arn)
    if balancer and any(name.startswith("access_logs.") for name in attrs):
        after = {**balancer.attrs, **attrs}
        bucket, prefix = after["access_logs.s3.bucket"], after["access_logs.s3.prefix"]
        if after.get("access_logs.s3.enabled") == "true":
            _check_bucket(self.account_id, self.partition, bucket, prefix, arn)
    return original(self, arn, attrs)


def _check_bucket(account, partition, name, prefix, arn):
    """Its policy lets the logs be written, and nothing but S3's own keys encrypts them."""
    bucket = s3_backends[account][partition].buckets.get(name)
    if bucket is None:
        raise ELBClientError("InvalidConfigurationRequest", f"Bucket {name} does not exist")
    folder = f"{prefix}/" if prefix else ""
    resource = f"{bucket.arn}/{folder}AWSLogs/{account}/test"
    # The guide's sample asks for the ARN ("Enable access logs", ArnLike aws:SourceArn). That the
    # account is named as well is assumed by some, and shown by nobody: here it is not.
    context = {
        "aws:securetransport": "true",
        "s3:tlsversion": "1.3",
        "aws:sourcearn": arn,
    }
    document = bucket.policy or "{}"
    writers = (decide(document, who, "s3:PutObject", resource, context) for who in WRITERS)
    rule = (bucket.encryption or {}).get("Rule") or {}
    algorithm = (rule.get("ApplyServerSideEncryptionByDefault") or {}).get("SSEAlgorithm")
    if ALLOW not in writers or algorithm not in (None, "AES256"):
        raise ELBClientError(
            "InvalidConfigurationRequest",
            f"Access Denied for bucket: {name}. Please check S3bucket permission",
        )


# Listeners


@replace(ELBv2Backend, "create_listener")
def create_listener(original, self, load_balancer_arn, protocol, port, ssl_policy, *rest, **options):
    certificate = rest[0] if rest else options.get("certificate")
    if balancer := self.load_balancers.get(load_balancer_arn):
        _check_port(balancer, port)
    if ssl_policy not in SSL_POLICIES:
        raise ELBClientError("SSLPolicyNotFound", f"SSL policy '{ssl_policy}' not found")
    if protocol == "HTTPS" and not certificate:
        raise ELBClientError(
            "ValidationError", "A certificate must be specified for HTTPS listeners"
        )
    if certificate and not self._certificate_exists(certificate):
        raise ELBClientError("CertificateNotFound", f"Certificate ARN '{certificate}' is not valid")
    return original(self, load_balancer_arn, protocol, port, ssl_policy, *rest, **options)


@replace(ELBv2Backend, "modify_listener")
def modify_listener(original, self, arn, port=None, *rest, **options):
    listener = self.describe_listeners(None, [arn])[0]
    if port is not None:
        _check_port(self.load_balancers[listener.load_balancer_arn], port, other_than=arn)
    actions = rest[3] if len(rest) > 3 else options.get("actions")
    for action in actions or ():
        for group in self._get_target_group_arns_from(action):
            if group not in self.target_groups:
                raise ActionTargetGroupNotFoundError(group)
    return original(self, arn, port, *rest, **options)


def _check_port(balancer, port, other_than=None):
    for listener in balancer.listeners.values():
        if str(listener.port) == str(port) and listener.arn != other_than:
            raise DuplicateListenerError()


# Target groups and tags


@replace(ELBv2Backend, "create_target_group")
def create_target_group(original, self, name, **options):
    for there in self.target_groups.values():
        # As with load balancers.
        names = ("protocol", "port", "vpc_id", "target_type")
        if there.name == name and all(
            str(getattr(there, one)) == str(options.get(one)) for one in names
        ):
            return there
    return original(self, name, **options)


@replace(ELBv2Backend, "add_tags")
def add_tags(original, self, resource_arns, tags):
    # moto's quota is that of the service before this one.
    for arn in resource_arns:
        self._get_resource_by_arn(arn)
        there = self.tagging_service.get_tag_dict_for_resource(arn)
        if len({*there, *(tag["Key"] for tag in tags)}) > MOST_TAGS:
            raise TooManyTagsError()
        self.tagging_service.tag_resource(arn, tags)
