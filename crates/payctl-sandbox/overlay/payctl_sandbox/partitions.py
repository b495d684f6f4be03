"""AWS's partitions: what ARNs and the names of hosts begin and end with, from botocore's data.

moto knows some by the beginnings of their regions' names, and the zones of fewer. That a region
whose zones it does not know has three, named as everywhere, is assumed.
"""

import re

from botocore.loaders import Loader
from moto.ec2.models.availability_zones_and_regions import RegionsAndZonesBackend, Zone
from moto.utilities import utils

PARTITIONS = Loader().load_data("partitions")["partitions"]
SUFFIXES = sorted({each["outputs"]["dnsSuffix"] for each in PARTITIONS})
ZONES = "abc"


def partition(region):
    """The name of the region's partition, such as `aws-us-gov`."""
    for each in PARTITIONS:
        if region in each["regions"] or re.match(each["regionRegex"], region):
            return each["id"]
    return utils.DEFAULT_PARTITION


def suffix(region):
    """What names of hosts in the region's partition end with, such as `amazonaws.com.cn`."""
    name = partition(region)
    return next(each["outputs"]["dnsSuffix"] for each in PARTITIONS if each["id"] == name)


def install():
    """Teaches moto the partitions that it does not know."""
    for each in PARTITIONS:
        for region in each["regions"]:
            prefix = re.match(r"[a-z]+-(?:iso\w*-|gov-)?", region)[0]
            if each["id"] != utils.DEFAULT_PARTITION and not region.startswith("aws-"):
                utils.REGION_PREFIX_TO_PARTITION.setdefault(prefix, each["id"])
                _add_zones(region)
        if each["id"] not in utils.PARTITION_NAMES:
            utils.PARTITION_NAMES.append(each["id"])


def _add_zones(region):
    zones, short = RegionsAndZonesBackend.zones, region.replace("-", "")
    if not zones.get(region):
        zones[region] = [
            Zone(f"{region}{letter}", region, f"{short}-az{nth}")
            for nth, letter in enumerate(ZONES, 1)
        ]
