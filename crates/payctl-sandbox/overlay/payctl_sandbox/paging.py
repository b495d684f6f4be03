"""Lists in pages, where moto's own way of it fails."""

from moto.core.responses import ActionResult

MOST = 100


def page(params, name, found):
    """The page of `found` that the request asks for by `Marker` and `MaxRecords`."""
    start, size = int(params.get("Marker") or 0), int(params.get("MaxRecords") or MOST)
    more = start + size < len(found)
    marker = str(start + size) if more else None
    return ActionResult({name: found[start : start + size], "Marker": marker})
