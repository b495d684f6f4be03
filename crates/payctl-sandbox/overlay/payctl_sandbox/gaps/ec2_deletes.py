"""Deletes that EC2 refuses while something depends on what is to go."""

from moto.awslambda.models import lambda_backends
from moto.ec2.exceptions import DependencyViolationError, EC2ClientError
from moto.ec2.models import EC2Backend
from moto.ec2.responses.security_groups import SecurityGroups

from ..patching import replace

GONE = ("deleted", "failed")


def live_nat_gateways(backend, **wanted):
    """NAT gateways that still hold their subnet and address."""
    return [
        nat
        for nat in backend.nat_gateways.values()
        if nat.state not in GONE
        and all(getattr(nat, name) == value for name, value in wanted.items())
    ]


def functions_using(backend, member, identifier):
    """Functions whose VpcConfig names the subnet (SubnetIds) or group (SecurityGroupIds)."""
    functions = lambda_backends[backend.account_id][backend.region_name].list_functions()
    return [
        function
        for function in functions
        if identifier in ((function._vpc_config or {}).get(member) or ())
    ]


@replace(EC2Backend, "delete_subnet")
def delete_subnet(original, self, subnet_id):
    in_use = (
        live_nat_gateways(self, subnet_id=subnet_id)
        or any(eni.subnet.id == subnet_id for eni in self.enis.values())
        or functions_using(self, "SubnetIds", subnet_id)
    )
    if in_use:
        raise DependencyViolationError(
            f"The subnet '{subnet_id}' has dependencies and cannot be deleted."
        )
    subnet = original(self, subnet_id)
    # Its association goes with it; the table would stay in use for ever.
    for table in self.route_tables.values():
        for association, of in list(table._associations.items()):
            if of == subnet_id:
                del table._associations[association]
    return subnet


def _nat_of(backend, address):
    for nat in live_nat_gateways(backend):
        if any(entry.get("allocationId") == address.allocation_id for entry in nat.address_set):
            return nat
    return None


def _find_address(backend, address, identifier, attribute):
    for candidate in backend.addresses:
        if identifier and getattr(candidate, attribute) == identifier:
            return candidate
        if address and candidate.public_ip == address:
            return candidate
    return None


@replace(EC2Backend, "release_address")
def release_address(original, self, address=None, allocation_id=None):
    found = _find_address(self, address, allocation_id, "allocation_id")
    if found and _nat_of(self, found):
        _refuse_to_touch()
    if found and found.association_id:
        raise EC2ClientError("InvalidIPAddress.InUse", f"Address {found.public_ip} is in use.")
    return original(self, address, allocation_id)


@replace(EC2Backend, "disassociate_address")
def disassociate_address(original, self, address=None, association_id=None):
    found = _find_address(self, address, association_id, "association_id")
    if found and _nat_of(self, found):
        _refuse_to_touch()
    return original(self, address, association_id)


def _refuse_to_touch():
    # What AWS answers for an address that a NAT gateway holds, odd as it is.
    raise EC2ClientError(
        "AuthFailure", "You do not have permission to access the specified resource."
    )


def _references(group, group_id):
    pairs = (rule.source_group or {} for rule in [*group.ingress_rules, *group.egress_rules])
    return group.id != group_id and any(pair.get("GroupId") == group_id for pair in pairs)


@replace(EC2Backend, "delete_security_group")
def delete_security_group(original, self, name=None, group_id=None):
    group = self.get_security_group_by_name_or_id(group_id or name)
    if group and not group.is_default:
        every_group = (each for groups in self.groups.values() for each in groups.values())
        endpoints = (each for each in self.vpc_end_points.values() if each.state not in GONE)
        in_use = (
            any(_references(each, group.id) for each in every_group)
            or any(group in eni.group_set for eni in self.enis.values())
            or any(group.id in (each.security_group_ids or ()) for each in endpoints)
            or functions_using(self, "SecurityGroupIds", group.id)
        )
        if in_use:
            raise DependencyViolationError(f"resource {group.id} has a dependent object")
    return original(self, name, group_id)


@replace(SecurityGroups, "delete_security_group")
def delete_security_group_call(original, self):
    # The backend's own method also serves DeleteVpc, which takes the default group along.
    name = self._get_param("GroupId") or self._get_param("GroupName")
    group = self.ec2_backend.get_security_group_by_name_or_id(name) if name else None
    if group and group.name == "default":
        raise EC2ClientError(
            "CannotDelete",
            f'the specified group: "{group.id}" name: "default" cannot be deleted by a user',
        )
    return original(self)


@replace(EC2Backend, "delete_vpc")
def delete_vpc(original, self, vpc_id):
    gateways = self.internet_gateways.values()
    endpoints = self.vpc_end_points.values()
    # VPC user guide, "Delete your VPC"; gruntwork-io/cloud-nuke#345 for the gateways of IPv6.
    acls = [each for each in self.network_acls.values() if each.vpc_id == vpc_id]
    egress = self.egress_only_internet_gateways.values()
    in_use = (
        any(group.name != "default" for group in self.groups.get(vpc_id, {}).values())
        or any(not each.default for each in acls)
        or any(each.vpc_id == vpc_id for each in egress)
        or any(each.vpc_id == vpc_id and each.state not in GONE for each in endpoints)
        or any(gateway.vpc and gateway.vpc.id == vpc_id for gateway in gateways)
    )
    if in_use:
        raise DependencyViolationError(
            f"The vpc '{vpc_id}' has dependencies and cannot be deleted."
        )
    vpc = original(self, vpc_id)
    # Its own network ACL goes with it, as its group and table do (VPC user guide, "Delete your VPC").
    for acl in acls:
        self.network_acls.pop(acl.id)
        self.tags.pop(acl.id, None)
    return vpc


@replace(EC2Backend, "detach_internet_gateway")
def detach_internet_gateway(original, self, internet_gateway_id, vpc_id):
    mapped = any(
        nat.connectivity_type == "public" for nat in live_nat_gateways(self, vpc_id=vpc_id)
    ) or any(eni.public_ip and eni.vpc_id == vpc_id for eni in self.enis.values())
    if mapped:
        raise DependencyViolationError(
            f"Network {vpc_id} has some mapped public address(es). Please unmap those public "
            "address(es) before detaching the gateway."
        )
    return original(self, internet_gateway_id, vpc_id)


@replace(EC2Backend, "delete_network_interface")
def delete_network_interface(original, self, eni_id):
    eni = self.enis.get(eni_id)
    if eni and (eni.status == "in-use" or eni.attachment_id):
        raise EC2ClientError(
            "InvalidParameterValue", f"Network interface '{eni_id}' is currently in use."
        )
    return original(self, eni_id)
