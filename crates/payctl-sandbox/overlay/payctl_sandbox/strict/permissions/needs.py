"""What a request needs: an action, the resources that it is asked for on, and what goes with it."""

from typing import NamedTuple


class Need(NamedTuple):
    """One action on some resources.

    `resources` are pairs of the reference's resource type and an ARN, or ("", "*"). `keys` are
    condition keys beyond those that every request has, in lower case. `via` is the service that
    asks in the caller's name.
    """

    action: str
    resources: tuple
    keys: dict = {}
    via: str | None = None


class Place(NamedTuple):
    """Where a request goes: what ARNs begin with."""

    partition: str
    region: str
    account: str

    def arn(self, service, name, region=None, account=None):
        """The ARN of something in this account and region; in none, where told so."""
        region = self.region if region is None else region
        account = self.account if account is None else account
        return f"arn:{self.partition}:{service}:{region}:{account}:{name}"


def at(parameters, path):
    """Every value at a path of names, through lists: `Tags.Key`."""
    values = [parameters]
    for name in path.split("."):
        found = [value.get(name) for value in values if isinstance(value, dict)]
        values = [
            each
            for value in found
            if value is not None
            for each in (value if isinstance(value, list) else [value])
        ]
    return values
