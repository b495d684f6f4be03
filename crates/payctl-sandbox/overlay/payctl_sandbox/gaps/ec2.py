"""EC2: what moto answers less of, or never notices is not there."""

import time

from moto.core.resource_tagging import TaggedResource
from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError, InvalidSecurityGroupDuplicateError
from moto.ec2.models import EC2Backend
from moto.ec2.models.security_groups import SecurityGroup, SecurityGroupRule
from moto.ec2.responses.nat_gateways import NatGateways

from ..clock import later
from ..patching import replace

EVERYTHING = "-1"


@replace(EC2Backend, "create_security_group")
def create_security_group(original, self, name, *arguments, **options):
    # A name is the same whatever its case (API reference, CreateSecurityGroup.GroupName).
    vpc = options.get("vpc_id") or (arguments[1] if len(arguments) > 1 else None)
    for there in self.groups.get(vpc, {}).values():
        if there.name.lower() == name.lower() and not options.get("force"):
            raise InvalidSecurityGroupDuplicateError(name)
    group = original(self, name, *arguments, **options)
    if name == "default":
        # A default group lets its own members talk to each other.
        self.authorize_security_group_ingress(
            group.id,
            EVERYTHING,
            None,
            None,
            [],
            source_groups=[{"GroupId": group.id}],
            vpc_id=group.vpc_id,
        )
    return group


@replace(SecurityGroupRule, "__init__")
def make_rule(original, self, *arguments, **options):
    original(self, *arguments, **options)
    # moto keeps the id of a prefix list, and drops its description.
    named = options.get("prefix_list_id") or (arguments[7] if len(arguments) > 7 else None)
    self.prefix_list_description = (named or {}).get("Description")


@replace(SecurityGroup, "_flattened_rules")
def flattened_rules(original, self, rules):
    def key(of, prefix_list):
        return of.ip_protocol, of.from_port, of.to_port, prefix_list

    descriptions = {
        key(rule, rule.prefix_list_id): getattr(rule, "prefix_list_description", None)
        for rule in rules
    }
    permissions = original(self, rules)
    for permission in permissions:
        for entry in permission.prefix_list_ids:
            if description := descriptions[key(permission, entry["PrefixListId"])]:
                entry["Description"] = description
    return permissions


@replace(EC2Backend, "_sg_update_description")
def reword_rule(original, self, security_rule, rule):
    original(self, security_rule, rule)
    if rule.prefix_list_id:
        rule.prefix_list_description = security_rule.prefix_list_description


@replace(EC2Backend, "describe_nat_gateways")
def describe_nat_gateways(original, self, filters, nat_gateway_ids):
    for identifier in nat_gateway_ids or ():
        if identifier not in self.nat_gateways:
            raise _nat_gateway_not_found(identifier)
    tags = {name: want for name, want in (filters or {}).items() if name.startswith("tag")}
    return [
        nat
        for nat in original(self, filters, nat_gateway_ids)
        if all(_has(nat, name, wanted) for name, wanted in tags.items())
    ]


def _has(resource, filter_name, wanted):
    value = resource.get_filter_value(filter_name)
    values = value if isinstance(value, list) else [value]
    return any(each in wanted for each in values)


@replace(NatGateways, "delete_nat_gateway")
def delete_nat_gateway_call(original, self):
    identifier = self._get_param("NatGatewayId")
    nat = self.ec2_backend.nat_gateways.get(identifier)
    if nat is None:
        raise _nat_gateway_not_found(identifier)
    if nat.state in ("deleting", "deleted"):
        return ActionResult({"NatGatewayId": identifier})
    return original(self)


def _nat_gateway_not_found(identifier):
    return EC2ClientError("NatGatewayNotFound", f"NAT gateway {identifier} was not found")


@replace(EC2Backend, "create_route")
def create_route(original, self, *arguments, **options):
    nat = options.get("nat_gateway_id")
    if nat is not None and nat not in self.nat_gateways:
        message = f"The natGateway ID '{nat}' does not exist"
        raise EC2ClientError("InvalidNatGatewayID.NotFound", message)
    return original(self, *arguments, **options)


@replace(EC2Backend, "create_nat_gateway")
def create_nat_gateway(original, self, subnet_id, allocation_id, *arguments, **options):
    if allocation_id:
        # moto makes the gateway's interface before it finds that there is no such address.
        self.address_by_allocation([allocation_id])
    nat = original(self, subnet_id, allocation_id, *arguments, **options)
    nat._eni.status = "in-use"
    nat._eni.description = f"Interface for NAT Gateway {nat.id}"
    nat._eni.interface_type = "nat_gateway"
    nat.state = "pending"
    gateways = self.internet_gateways.values()
    attached = any(gateway.vpc and gateway.vpc.id == nat.vpc_id for gateway in gateways)
    place = self.account_id, self.region_name, nat.id
    if attached or nat.connectivity_type == "private":
        later.schedule(95, nat_gateway_available, *place)
    else:
        later.schedule(10, nat_gateway_failed, *place)
    return nat


@later.effect
def nat_gateway_available(account, region, identifier):
    nat = _backend(account, region).nat_gateways.get(identifier)
    if nat and nat.state == "pending":
        nat.state = "available"


@replace(EC2Backend, "delete_nat_gateway")
def delete_nat_gateway(original, self, nat_gateway_id):
    nat = self.nat_gateways[nat_gateway_id]
    nat.state = "deleting"
    later.schedule(45, nat_gateway_deleted, self.account_id, self.region_name, nat_gateway_id)
    return nat


@later.effect
def nat_gateway_deleted(account, region, identifier):
    backend = _backend(account, region)
    nat = backend.nat_gateways.get(identifier)
    if nat is None or nat.state != "deleting":
        return
    nat.state = "deleted"
    _let_go(backend, nat)


@later.effect
def nat_gateway_failed(account, region, identifier):
    backend = _backend(account, region)
    nat = backend.nat_gateways.get(identifier)
    if nat is None or nat.state != "pending":
        return
    nat.state = "failed"
    nat.failure_code = "Gateway.NotAttached"
    nat.failure_message = f"Network {nat.vpc_id} has no Internet gateway attached"
    _let_go(backend, nat)


def _let_go(backend, nat):
    """Frees the gateway's address and interface, which it holds until its end."""
    nat.gone_at = time.time()
    for address in backend.addresses:
        if address.eni is nat._eni:
            address.eni = address.instance = address.association_id = None
    backend.enis.pop(nat._eni.id, None)


def _backend(account, region):
    from moto.ec2.models import ec2_backends

    return ec2_backends[account][region]


@replace(EC2Backend, "iter_tagged_resources")
def iter_tagged_resources(original, self):
    yield from original(self)
    left_out = {
        "elastic-ip": [address.allocation_id for address in self.addresses],
        "launch-template": self.launch_templates,
        "network-acl": self.network_acls,
        "vpc-endpoint": self.vpc_end_points,
    }
    for sort, ids in left_out.items():
        for one in filter(None, ids):
            yield TaggedResource(
                arn=f"arn:{self.partition}:ec2:{self.region_name}:{self.account_id}:{sort}/{one}",
                tags=dict(self.tags.get(one, {})),
                resource_type=f"ec2:{sort}",
            )
