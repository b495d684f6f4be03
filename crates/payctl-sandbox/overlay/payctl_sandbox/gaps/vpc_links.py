"""VPC links: their network interfaces, and the time they take."""

from moto.apigatewayv2.exceptions import BadRequestException
from moto.apigatewayv2.models import ApiGatewayV2Backend, VpcLink, apigatewayv2_backends
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import ec2_backends

from ..clock import later
from ..patching import replace

# AWS seconds until a link can be used, and until it is gone.
READY = 150
GONE = 180


@replace(ApiGatewayV2Backend, "create_vpc_link")
def create_vpc_link(original, self, name, sg_ids, subnet_ids, tags):
    network = ec2_backends[self.account_id][self.region_name]
    try:
        groups = [_group(network, group) for group in sg_ids or ()]
        for subnet in subnet_ids:
            network.get_subnet(subnet)
    except EC2ClientError as error:
        raise BadRequestException(error.message) from error
    link = original(self, name, sg_ids or [], subnet_ids, tags)
    link.status = "PENDING"
    link.interfaces = []
    for subnet in subnet_ids:
        interface = network.create_network_interface(subnet, None)
        interface._group_set = groups
        interface.status = "in-use"
        interface.interface_type = "vpc_link"
        interface.description = f"VPC Link Interface {link.id}"
        link.interfaces.append(interface.id)
    later.schedule(READY, vpc_link_available, self.account_id, self.region_name, link.id)
    return link


@replace(ApiGatewayV2Backend, "delete_vpc_link")
def delete_vpc_link(original, self, vpc_link_id):
    link = self.get_vpc_link(vpc_link_id)
    if link.status != "DELETING":
        link.status = "DELETING"
        later.schedule(GONE, vpc_link_deleted, self.account_id, self.region_name, link.id)


@replace(VpcLink, "to_json")
def to_json(original, self):
    return {**original(self), "vpcLinkStatus": self.status}


@later.effect
def vpc_link_available(account, region, identifier):
    link = apigatewayv2_backends[account][region].vpc_links.get(identifier)
    if link and link.status == "PENDING":
        link.status = "AVAILABLE"


@later.effect
def vpc_link_deleted(account, region, identifier):
    backend = apigatewayv2_backends[account][region]
    link = backend.vpc_links.pop(identifier, None)
    if link:
        backend.tagger.delete_all_tags_for_resource(link.arn)
        for interface in link.interfaces:
            ec2_backends[account][region].enis.pop(interface, None)


def _group(network, identifier):
    group = network.get_security_group_from_id(identifier)
    if group is None:
        raise BadRequestException(f"The security group {identifier} does not exist")
    return group
