"""EC2's filters: any one of the values has to fit, where moto wants all or none of them."""

from moto.ec2 import utils

from ..patching import replace


@replace(utils, "is_filter_matching")
def is_filter_matching(original, resource, name, wanted):
    if isinstance(wanted, list) and len(wanted) > 1:
        return any(original(resource, name, [one]) for one in wanted)
    return original(resource, name, wanted)
