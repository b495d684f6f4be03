"""EC2's networks: what is left of an address beyond its prefix is cut off, as AWS does.

API reference of CreateVpc, CreateSubnet, CreateRoute, CreateNetworkAclEntry and IpRange (botocore
1.44.5): 100.68.0.18/18 becomes 100.68.0.0/18, and is answered as such. For replacing and deleting,
and for IPv6 in routes and lists, it is assumed.
"""

import inspect
import ipaddress

from moto.ec2.models import EC2Backend

from ..patching import replace

METHODS = """create_vpc create_subnet create_route replace_route delete_route
create_network_acl_entry replace_network_acl_entry
authorize_security_group_ingress authorize_security_group_egress
revoke_security_group_ingress revoke_security_group_egress""".split()
MEMBERS = ("cidr_block", "destination_cidr_block", "destination_ipv6_cidr_block")
MEMBERS += ("ipv6_cidr_block", "ip_ranges")


def canonical(value):
    """A network, or a list of ranges, without the bits of hosts."""
    if isinstance(value, list):
        return [canonical(item) for item in value]
    if isinstance(value, dict):
        named = {name: value[name] for name in ("CidrIp", "CidrIpv6") if name in value}
        return {**value, **{name: canonical(network) for name, network in named.items()}}
    if not isinstance(value, str) or "/" not in value:
        return value
    try:
        return str(ipaddress.ip_network(value, strict=False))
    except ValueError:
        return value


def _install(name):
    signature = inspect.signature(getattr(EC2Backend, name))

    @replace(EC2Backend, name)
    def with_networks(original, *arguments, **options):
        bound = signature.bind(*arguments, **options)
        for member in MEMBERS:
            if member in bound.arguments:
                bound.arguments[member] = canonical(bound.arguments[member])
        return original(*bound.args, **bound.kwargs)


for _name in METHODS:
    _install(_name)
