"""Which VPC endpoint a function's call goes through, and what the endpoint's policy says.

Gateway endpoints are on the way where the subnet's route table has them; interface endpoints where
their private DNS names hold in the VPC (VPC user guide, "Gateway endpoints" and "Access an AWS
service using an interface VPC endpoint").
"""

import json

from moto.ec2.models import ec2_backends

# Services whose endpoint has another name than IAM's prefix.
NAMES = {"cloudwatch": "monitoring", "apigateway": "apigateway"}


def on_the_way(caller, service, place):
    """The endpoint that a call of the service goes through, or None."""
    if not caller.subnets:
        return None
    backend = ec2_backends[place.account][place.region]
    subnets = [
        subnet
        for each in backend.subnets.values()
        for identifier, subnet in each.items()
        if identifier in caller.subnets
    ]
    if not subnets:
        return None
    vpc = subnets[0].vpc_id
    tables = {_table(backend, subnet) for subnet in subnets}
    end = f".{NAMES.get(service, service)}"
    for endpoint in backend.vpc_end_points.values():
        if endpoint.vpc_id != vpc or not endpoint.service_name.endswith(end):
            continue
        if endpoint.state not in ("available", None):
            continue
        gateway = (endpoint.vpc_endpoint_type or "Gateway").lower() == "gateway"
        if gateway and not tables & set(endpoint.route_table_ids or ()):
            continue
        if not gateway and str(endpoint.private_dns_enabled).lower() == "false":
            continue
        return endpoint
    return None


def _table(backend, subnet):
    main = None
    for table in backend.route_tables.values():
        if subnet.id in table._associations.values():
            return table.id
        if table.vpc_id == subnet.vpc_id and table.main_association_id:
            main = table.id
    return main


def policy(endpoint):
    """The endpoint's policy document."""
    document = endpoint.policy_document
    return document if isinstance(document, str) else json.dumps(document)
