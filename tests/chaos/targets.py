"""Which target a run has, made from its options, and the plan that fits to it."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from chaos import disk
from chaos.broker_choice import choose
from chaos.compose_faults import compose_faults
from chaos.compose_stack import ComposeStack
from chaos.installation import Installation
from chaos.maker import ProcessMaker
from chaos.maker_containers import ContainerMaker
from chaos.options import Options, TargetName
from chaos.plan import Catalogue
from chaos.target import Opening

CATALOGUES: dict[TargetName, Catalogue | None] = {
    TargetName.PROCESSES: None,
    TargetName.CONTAINERS: None,
    TargetName.COMPOSE: compose_faults,
}
"""None: what plans are made of anyway."""


def make_target(options: Options, work: Path, *, say: Callable[[str], None]) -> Opening:
    """Return the target that the options name, not running yet."""
    if options.target is TargetName.COMPOSE:
        return ComposeStack(work, say=say)
    is_contained = options.target is TargetName.CONTAINERS
    return Installation(
        work,
        maker=ContainerMaker() if is_contained else ProcessMaker(),
        disk_mib=disk.size_mib(options.most_packets),
        choose_broker=partial(choose, options.broker, say=say),
        with_spool=options.with_spool,
    )
