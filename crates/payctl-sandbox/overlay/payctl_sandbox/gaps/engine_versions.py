"""Versions of Aurora PostgreSQL: which are offered, and which are only good to be upgraded."""

from moto.rds.exceptions import InvalidParameterCombination
from moto.rds.responses import RDSResponse

from ..paging import page

ENGINE = "aurora-postgresql"
# In the order that AWS has them in, which is that of texts.
OFFERED = (
    "13.20",
    "13.21",
    "14.17",
    "14.18",
    "14.19",
    "15.10",
    "15.12",
    "15.13",
    "15.14",
    "16.10",
    "16.11",
    "16.4-limitless",
    "16.6",
    "16.6-limitless",
    "16.8",
    "16.8-limitless",
    "16.9",
    "16.9-limitless",
    "17.4",
    "17.5",
    "17.6",
    "17.7",
)
# Described when asked for all, and refused for a new cluster.
DEPRECATED = ("13.9", "14.6", "15.3")


def major(version):
    """The major version, as families and upgrades go by it."""
    return version.split(".")[0]


def family(version):
    """The family of the parameter groups that fit the version."""
    return f"{ENGINE}{major(version)}"


def number(version):
    """What orders versions; those of another form come first."""
    parts = version.split(".")
    return tuple(int(part) for part in parts) if all(p.isdigit() for p in parts) else (0,)


def resolve(version):
    """The version that a new cluster gets which is asked for with this one."""
    if version in OFFERED:
        return version
    fitting = [each for each in OFFERED if not version or each.startswith(f"{version}.")]
    if not fitting:
        raise InvalidParameterCombination(f"Cannot find version {version} for {ENGINE}")
    return max(fitting, key=number)


def check_upgrade(before, wanted, major_allowed):
    """Refuses what is not an upgrade, and a major one that nobody allowed."""
    if wanted == before:
        return
    if wanted not in OFFERED or number(wanted) < number(before):
        raise InvalidParameterCombination(
            f"Cannot find upgrade target from {before} with requested version {wanted}."
        )
    if major(wanted) != major(before) and not major_allowed:
        raise InvalidParameterCombination(
            "The AllowMajorVersionUpgrade flag must be present when upgrading to a new major "
            "version."
        )


def describe_db_engine_versions(self):
    """The versions that are asked for, page by page."""
    wanted = {name: self.params.get(name) for name in ("Engine", "EngineVersion")}
    group = self.params.get("DBParameterGroupFamily")
    versions = OFFERED + (DEPRECATED if self.params.get("IncludeAll") else ())
    if self.params.get("DefaultOnly"):
        majors = {major(each) for each in versions}
        versions = [resolve(each) for each in sorted(majors)]
    found = [
        {
            "Engine": ENGINE,
            "EngineVersion": each,
            "MajorEngineVersion": major(each),
            "DBParameterGroupFamily": family(each),
            "DBEngineDescription": "Aurora (PostgreSQL)",
            "DBEngineVersionDescription": f"Aurora PostgreSQL (compatible with {each})",
            "ExportableLogTypes": ["postgresql"],
            "SupportedEngineModes": ["provisioned"],
            "Status": "deprecated" if each in DEPRECATED else "available",
        }
        for each in versions
        if wanted["Engine"] in (None, ENGINE)
        and wanted["EngineVersion"] in (None, each, major(each))
        and group in (None, family(each))
    ]
    return page(self.params, "DBEngineVersions", found)


# moto does not have it.
RDSResponse.describe_db_engine_versions = describe_db_engine_versions
