"""CloudWatch's dashboards: their tags."""

from moto.cloudwatch.exceptions import ResourceNotFoundException
from moto.cloudwatch.models import CloudWatchBackend
from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.resource_tagging import TaggedResource

from ..patching import replace


@replace(CloudWatchResponse, "put_dashboard")
def put_dashboard(original, self):
    backend, name = self.cloudwatch_backend, self._get_param("DashboardName")
    # One that exists keeps the tags it has.
    new = backend.get_dashboard(name) is None
    answer = original(self)
    if new:
        backend.tagger.tag_resource(backend.get_dashboard(name).arn, self._get_param("Tags", []))
    return answer


@replace(CloudWatchBackend, "delete_dashboards")
def delete_dashboards(original, self, dashboards):
    arns = [dashboard.arn for dashboard in map(self.get_dashboard, dashboards) if dashboard]
    error = original(self, dashboards)
    if error is None:
        for arn in arns:
            self.tagger.delete_all_tags_for_resource(arn)
    return error


def _is_for_dashboard(self, arn):
    """Whether the ARN is a dashboard's, which there has to be."""
    if ":dashboard/" not in arn:
        return False
    if not any(dashboard.arn == arn for dashboard in self.dashboards.values()):
        raise ResourceNotFoundException
    return True


@replace(CloudWatchBackend, "list_tags_for_resource")
def list_tags_for_resource(original, self, arn):
    _is_for_dashboard(self, arn)
    return original(self, arn)


@replace(CloudWatchBackend, "tag_resource")
def tag_resource(original, self, arn, tags):
    if not _is_for_dashboard(self, arn):
        return original(self, arn, tags)
    return self.tagger.tag_resource(arn, self.tagger.convert_dict_to_tags_input(tags))


@replace(CloudWatchBackend, "untag_resource")
def untag_resource(original, self, arn, tag_keys):
    if not _is_for_dashboard(self, arn):
        return original(self, arn, tag_keys)
    return self.tagger.untag_resource_using_names(arn, tag_keys)


@replace(CloudWatchBackend, "iter_tagged_resources")
def iter_tagged_resources(original, self):
    yield from original(self)
    for dashboard in self.dashboards.values():
        yield TaggedResource(
            arn=dashboard.arn,
            tags=self.tagger.get_tag_dict_for_resource(dashboard.arn),
            resource_type="cloudwatch:dashboard",
        )
