"""Whether the pool runs the tree that this login compares: device and inode of the app's root files, from both sides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.diagnosis import trees
from stalewatch.diagnosis.chain.link import Observed, broken, ok, unseen
from stalewatch.model import figures, reasons
from stalewatch.model.chain import LinkName
from stalewatch.model.unseen import Unseen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stalewatch.diagnosis.context import Context, Ruling
    from stalewatch.model.layers import Layer


def judge(context: Context, rulings: Mapping[Layer, Ruling]) -> Observed | None:
    """None where no pool was asked, or one of which nothing shows that it serves this app: what it sees does not matter then. Where a pool
    was not asked again so that it may end its workers, an earlier look tells."""
    runtime, host = context.runtime, context.snapshot.host
    if runtime is None or not context.witness.shows:
        return None
    if isinstance(host, Unseen):
        return unseen(LinkName.DISK, host)
    found = trees.compare(context)
    if found is None:
        if runtime.reused and context.memory.same_tree:
            return ok(LinkName.DISK, "the same tree", "device and inode at an earlier look", path=context.root)
        return unseen(
            LinkName.DISK,
            reasons.CHAIN_TREE_HIDDEN.unseen(
                f"whether the pool and this login see the same files at {context.root} was not compared",
                "let the pool call stat (disable_functions), and this login search the application's root",
            ),
        )
    if found.other:
        names = figures.several([str(ours.path) for ours, _ in found.other], 2)
        return broken(LinkName.DISK, "the pool sees another tree than this login", "device and inode from both sides", files=names)
    if not found.same:
        return unseen(
            LinkName.DISK,
            reasons.CHAIN_TREE_HIDDEN.unseen(
                f"the pool sees nothing at {context.root}",
                "compare where the pool sees the code (chroot, open_basedir, a container), and give that application or pool by its path",
            ),
        )
    return ok(LinkName.DISK, "the same tree", "device and inode from both sides", path=context.root)
