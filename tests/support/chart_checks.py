"""All checks of a release."""

from typing import Final

from support import chart_policy as policy
from support import chart_wiring as wiring
from support.chart_policy import Check

CHECKS: Final[tuple[Check, ...]] = (
    policy.runs_as_nobody,
    policy.is_confined,
    policy.shares_nothing_of_the_host,
    policy.has_no_token,
    policy.has_bounds,
    policy.is_probed,
    policy.has_fixed_image,
    policy.has_no_secret_inside,
    policy.mounts_fit,
    wiring.selectors_match,
    wiring.ports_fit,
    wiring.names_are_told_apart,
    wiring.scaling_has_a_target,
    wiring.survives_a_drain,
    wiring.is_isolated,
    wiring.only_what_is_open_is_open,
    wiring.is_scraped,
    wiring.restarts_on_new_config,
    wiring.fits_into_labels,
)
"""wiring.only_what_is_open_is_open does not hold where values open more."""
