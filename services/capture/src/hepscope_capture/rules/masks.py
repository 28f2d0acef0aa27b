"""The masks of a plan: SIP in, SIP of the same length out."""

from hepscope_capture.rules.plan import Cover, MaskPlan
from hepscope_common.rules.cover import Cover as Covering
from hepscope_common.rules.cover import fill, pseudonyms
from hepscope_common.rules.mask_numbers import NumberMask
from hepscope_common.rules.mask_users import UserMask
from hepscope_common.rules.masker import Masker


def masker_of(plan: MaskPlan) -> Masker | None:
    """Return the masks that are set, None when none is.

    Raises ValueError, with a line for the user, for a hash without a key.
    """
    masker = Masker(
        body_methods=plan.bodies,
        dtmf=plan.dtmf,
        media_keys=plan.media_keys,
        credentials=plan.credentials,
        numbers=_numbers(plan),
    )
    return None if masker == Masker() else masker


def _numbers(plan: MaskPlan) -> NumberMask | None:
    """Return the mask of users, which covers numbers too, or of numbers alone."""
    if plan.users:
        return UserMask(least=plan.least, cover=_covering(plan.users, plan.key))
    if plan.numbers:
        return NumberMask(
            first=plan.keep_first,
            last=plan.keep_last,
            least=plan.least,
            cover=_covering(plan.numbers, plan.key),
        )
    return None


def _covering(cover: Cover, key: bytes) -> Covering:
    if cover is Cover.MASK:
        return fill
    if not key:
        raise ValueError("masks by hash need a key, or anybody could undo them")
    return pseudonyms(key)
