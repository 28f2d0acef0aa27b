"""Panels that lay values of countries on a map of the world.

Countries are told by their code (ISO 3166-1, label ``country``) and found in the list that comes
with Grafana. Land and sea are tiles from the internet; without them the circles stand on nothing.
"""

from grafana_foundation_sdk.builders import common as shapes
from grafana_foundation_sdk.builders import dashboard as boards
from grafana_foundation_sdk.builders import geomap
from grafana_foundation_sdk.models import common
from grafana_foundation_sdk.models.dashboard import Threshold, ThresholdsMode
from grafana_foundation_sdk.models.geomap import TooltipMode

from dashboards.panels import Steps
from dashboards.queries import METRICS, Query

GAZETTEER = "public/gazetteer/countries.json"
COUNTRY, VALUE = "country", "Value"


def world(
    title: str, description: str, unit: str, query: Query, *, steps: Steps, span: int = 12
) -> geomap.Panel:
    """Return a map with a circle in each country: size and colour by the value."""
    panel = geomap.Panel().title(title).description(description).unit(unit)
    panel.span(span).height(14).datasource(METRICS).targets([query.builder("A")])
    panel.view(geomap.MapViewConfig().id("zero").lat(0).lon(0).zoom(1).all_layers(all_layers=True))
    panel.controls(geomap.ControlsOptions().show_zoom(show_zoom=True))
    panel.basemap(shapes.MapLayerOptions().type("default").name("world"))
    panel.tooltip(geomap.TooltipOptions().mode(TooltipMode.DETAILS))
    place = shapes.FrameGeometrySource().mode(common.FrameGeometrySourceMode.LOOKUP)
    layer = shapes.MapLayerOptions().type("markers").name("countries").tooltip(tooltip=True)
    layer.location(place.lookup(COUNTRY).gazetteer(GAZETTEER)).config(_circles())
    colours = [Threshold(value, color) for value, color in steps]
    panel.thresholds(boards.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(colours))
    return panel.layers([layer])


def _circles() -> dict[str, object]:
    """Return how Grafana's layer of markers draws."""
    return {
        "showLegend": False,
        "style": {
            "color": {"field": VALUE, "fixed": "dark-green"},
            "opacity": 0.6,
            "size": {"field": VALUE, "fixed": 5, "max": 30, "min": 4},
            "symbol": {"fixed": "img/icons/marker/circle.svg", "mode": "fixed"},
        },
    }
