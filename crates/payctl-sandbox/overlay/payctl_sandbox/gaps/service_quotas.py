"""What is asked about quotas: Service Quotas' and Lambda's answers, which moto lacks mostly.

The shapes are their models'. Quotas are those that `account` has.
"""

import json

from moto.awslambda import urls
from moto.awslambda.responses import LambdaResponse
from moto.core.exceptions import JsonRESTError
from moto.servicequotas.responses import ServiceQuotasResponse

from ..account import CONCURRENCY, DEFAULTS, NAMES, account
from ..partitions import partition

GIBIBYTE = 1024**3


class NoSuchResourceException(JsonRESTError):
    def __init__(self):
        super().__init__("NoSuchResourceException", "The specified resource does not exist.")


def _told(response, quota, value):
    service, code = quota
    name, place = partition(response.region), f"{response.region}:{response.current_account}"
    return {
        "ServiceCode": service,
        "ServiceName": NAMES[service],
        "QuotaArn": f"arn:{name}:servicequotas:{place}:{service}/{code}",
        "QuotaCode": code,
        "QuotaName": DEFAULTS[quota][0],
        "Value": float(value),
        "Unit": "None",
        "Adjustable": True,
        "GlobalQuota": False,
    }


def _one(value_of):
    def answer(self):
        asked = json.loads(self.body)
        quota = asked["ServiceCode"], asked["QuotaCode"]
        if quota not in DEFAULTS:
            raise NoSuchResourceException()
        return json.dumps({"Quota": _told(self, quota, value_of(quota))})

    return answer


def _all(value_of):
    def answer(self):
        asked = json.loads(self.body)
        service, after = asked["ServiceCode"], asked.get("NextToken", "")
        found = sorted(quota for quota in DEFAULTS if quota[0] == service)
        if not found:
            raise NoSuchResourceException()
        # A token has no hyphens.
        left = [quota for quota in found if quota[1] > f"L-{after}"]
        page = left[: asked.get("MaxResults", 100)]
        more = {"NextToken": page[-1][1][2:]} if len(page) < len(left) else {}
        return json.dumps({"Quotas": [_told(self, one, value_of(one)) for one in page], **more})

    return answer


def _default(quota):
    return DEFAULTS[quota][1]


ServiceQuotasResponse.get_service_quota = _one(account.quota)
ServiceQuotasResponse.list_service_quotas = _all(account.quota)
ServiceQuotasResponse.get_aws_default_service_quota = _one(_default)
ServiceQuotasResponse.list_aws_default_service_quotas = _all(_default)


def _get_account_settings(self):
    functions = list(self.backend.list_functions())
    total = account.quota(CONCURRENCY)
    reserved = sum(int(each.reserved_concurrency or 0) for each in functions)
    answer = {
        "AccountLimit": {
            # Lambda developer guide, "Lambda quotas".
            "TotalCodeSize": 75 * GIBIBYTE,
            "CodeSizeUnzipped": 250 * 1024**2,
            "CodeSizeZipped": 50 * 1024**2,
            "ConcurrentExecutions": total,
            "UnreservedConcurrentExecutions": total - reserved,
        },
        "AccountUsage": {
            "TotalCodeSize": sum(int(each.code_size or 0) for each in functions),
            "FunctionCount": len(functions),
        },
    }
    return json.dumps(answer)


LambdaResponse.get_account_settings = _get_account_settings
urls.url_paths[r"{0}/(?P<api_version>[^/]+)/account-settings/?$"] = LambdaResponse.dispatch
