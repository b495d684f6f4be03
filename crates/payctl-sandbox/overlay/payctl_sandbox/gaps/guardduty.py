"""GuardDuty: one detector per region, what is unknown, and tags, which moto has no calls for."""

import json
from urllib.parse import unquote

from moto.core.exceptions import JsonRESTError
from moto.guardduty import urls
from moto.guardduty.exceptions import GuardDutyException
from moto.guardduty.models import GuardDutyBackend
from moto.guardduty.responses import GuardDutyResponse

from ..patching import replace


class DetectorExists(GuardDutyException):
    """There is a detector already."""

    code = 400

    def __init__(self):
        super().__init__(
            "InvalidInputException",
            "The request is rejected because a detector already exists for the current account.",
        )

    def get_headers(self, *args, **kwargs):
        return [("X-Amzn-ErrorType", "BadRequestException")]


@replace(GuardDutyResponse, "create_detector")
def create_detector(original, self):
    token = self._get_param("clientToken")
    for detector in self.guardduty_backend.detectors.values():
        if token and getattr(detector, "token", None) == token:
            return json.dumps({"detectorId": detector.id})
        raise DetectorExists
    answer = original(self)
    self.guardduty_backend.detectors[json.loads(answer)["detectorId"]].token = token
    return answer


@replace(GuardDutyBackend, "delete_detector")
def delete_detector(original, self, detector_id):
    self.get_detector(detector_id)
    original(self, detector_id)


urls.url_paths["{0}/tags/(?P<resource_arn>.+)$"] = GuardDutyResponse.dispatch


def _tags(response):
    _, _, arn = unquote(response.path).partition("/tags/")
    kind, _, detector_id = arn.rpartition(":")[2].partition("/")
    if kind != "detector":
        raise JsonRESTError("BadRequestException", f"moto has no tags of {arn}")
    return response.guardduty_backend.get_detector(detector_id).tags


def _list_tags_for_resource(self):
    return json.dumps({"tags": _tags(self)})


def _tag_resource(self):
    _tags(self).update(self._get_param("tags"))
    return "{}"


def _untag_resource(self):
    for key in self.querystring.get("tagKeys") or []:
        _tags(self).pop(key, None)
    return "{}"


GuardDutyResponse.list_tags_for_resource = _list_tags_for_resource
GuardDutyResponse.tag_resource = _tag_resource
GuardDutyResponse.untag_resource = _untag_resource
