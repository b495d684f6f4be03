"""VPC endpoints: their routes, their network interfaces, and the time they take."""

from moto.ec2.models import EC2Backend, ec2_backends
from moto.ec2.responses.vpcs import VPCs

from ..clock import later
from ..patching import replace

# AWS seconds until an interface endpoint can be used, and until it is gone.
READY = 60
GONE = 60


@replace(EC2Backend, "create_vpc_endpoint")
def create_vpc_endpoint(original, self, vpc_id, service_name, endpoint_type, *more, **options):
    # moto makes the endpoint before it finds that one of its tables is not there.
    for table in options.get("route_table_ids") or (more[1] if len(more) > 1 else ()):
        self.get_route_table(table)
    kind = endpoint_type or "Gateway"
    endpoint = original(self, vpc_id, service_name, kind, *more, **options)
    if _has_interfaces(endpoint):
        if not endpoint.security_group_ids:
            endpoint.security_group_ids = [self.get_default_security_group(vpc_id).id]
        endpoint.subnet_ids = list(endpoint.subnet_ids or ())
        _fit_interfaces(self, endpoint)
        endpoint.state = "pending"
        later.schedule(READY, endpoint_available, *_place(self, endpoint))
    return endpoint


@replace(EC2Backend, "modify_vpc_endpoint")
def modify_vpc_endpoint(original, self, vpc_id, *arguments, **options):
    endpoint = self.vpc_end_points.get(vpc_id)
    before = set(endpoint.route_table_ids or ()) if endpoint else set()
    original(self, vpc_id, *arguments, **options)
    if _has_interfaces(endpoint):
        _fit_interfaces(self, endpoint)
        return
    # The routes come and go with the tables; moto's deletion fails where one is missing.
    after = set(endpoint.route_table_ids or ())
    to = endpoint.destination_prefix_list_id
    for table in sorted(after - before):
        self.create_route(table, None, gateway_id=endpoint.id, destination_prefix_list_id=to)
    for table in sorted(before - after):
        self.delete_route(table, to)


@replace(VPCs, "modify_vpc_endpoint")
def modify_vpc_endpoint_call(original, self):
    answer = original(self)
    private_dns = self._get_bool_param("PrivateDnsEnabled")
    if private_dns is not None:
        endpoint = self.ec2_backend.vpc_end_points[self._get_param("VpcEndpointId")]
        endpoint.private_dns_enabled = private_dns
    return answer


@replace(EC2Backend, "delete_vpc_endpoints")
def delete_vpc_endpoints(original, self, vpce_ids=None):
    for identifier in vpce_ids or ():
        endpoint = self.vpc_end_points.get(identifier)
        if endpoint is None:
            continue
        if not _has_interfaces(endpoint):
            original(self, [identifier])
            # moto keeps them for ever, as `deleted`.
            self.vpc_end_points.pop(identifier)
        elif endpoint.state != "deleting":
            endpoint.state = "deleting"
            later.schedule(GONE, endpoint_deleted, *_place(self, endpoint))


@later.effect
def endpoint_available(account, region, identifier):
    endpoint = ec2_backends[account][region].vpc_end_points.get(identifier)
    if endpoint and endpoint.state == "pending":
        endpoint.state = "available"


@later.effect
def endpoint_deleted(account, region, identifier):
    backend = ec2_backends[account][region]
    endpoint = backend.vpc_end_points.pop(identifier, None)
    for interface in endpoint.network_interface_ids if endpoint else ():
        backend.enis.pop(interface, None)


def _place(backend, endpoint):
    return backend.account_id, backend.region_name, endpoint.id


def _has_interfaces(endpoint):
    return (endpoint.vpc_endpoint_type or "").lower() == "interface"


def _fit_interfaces(backend, endpoint):
    """One interface in each of the endpoint's subnets, in the endpoint's groups."""
    there = {
        backend.enis[interface].subnet.id: interface
        for interface in endpoint.network_interface_ids
        if interface in backend.enis
    }
    for subnet in set(there) - set(endpoint.subnet_ids):
        backend.enis.pop(there.pop(subnet))
    for subnet in endpoint.subnet_ids:
        if subnet not in there:
            there[subnet] = backend.create_network_interface(subnet, None).id
    for interface in map(backend.enis.get, there.values()):
        interface._group_set = [
            backend.get_security_group_from_id(group) for group in endpoint.security_group_ids
        ]
        interface.status = "in-use"
        interface.interface_type = "vpc_endpoint"
        interface.description = f"VPC Endpoint Interface {endpoint.id}"
    endpoint.network_interface_ids = list(there.values())
