"""CloudWatch Logs: a metric filter is one of its group's, which it goes with, and put again replaced.

All three are the reference's (PutMetricFilter: "creates or updates", ResourceNotFoundException;
DeleteLogGroup). moto adds another one each time, of groups too that are not there.
"""

from moto.logs.exceptions import ResourceNotFoundException
from moto.logs.metric_filters import MetricFilters
from moto.logs.models import LogsBackend

from ..patching import replace


def _drop(filters, **which):
    """Takes those out that are so."""
    kept = filters.metric_filters
    is_one = lambda each: all(each[name] == value for name, value in which.items())
    filters.metric_filters = [each for each in kept if not is_one(each)]
    return len(kept) > len(filters.metric_filters)


@replace(LogsBackend, "put_metric_filter")
def put_metric_filter(original, self, filter_name, filter_pattern, log_group_name, metrics):
    if log_group_name not in self.groups:
        raise ResourceNotFoundException
    _drop(self.filters, filterName=filter_name, logGroupName=log_group_name)
    return original(self, filter_name, filter_pattern, log_group_name, metrics)


@replace(MetricFilters, "get_matching_filters")
def get_matching_filters(original, self, *arguments, **options):
    return sorted(original(self, *arguments, **options), key=lambda each: each["filterName"])


@replace(LogsBackend, "describe_metric_filters")
def describe_metric_filters(original, self, prefix=None, log_group_name=None, *more):
    if log_group_name and log_group_name not in self.groups:
        raise ResourceNotFoundException
    return original(self, prefix, log_group_name, *more)


@replace(LogsBackend, "delete_metric_filter")
def delete_metric_filter(original, self, filter_name=None, log_group_name=None):
    if not _drop(self.filters, filterName=filter_name, logGroupName=log_group_name):
        raise ResourceNotFoundException


@replace(LogsBackend, "delete_log_group")
def delete_log_group(original, self, log_group_name):
    original(self, log_group_name)
    _drop(self.filters, logGroupName=log_group_name)
