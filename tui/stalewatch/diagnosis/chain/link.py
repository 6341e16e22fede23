"""What one link of the chain comes to, and the three ways to say so."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from stalewatch.model.chain import ChainLink, LinkName, LinkState
from stalewatch.model.text import SafeText, safe

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from stalewatch.diagnosis.context import Context, Ruling
    from stalewatch.model.layers import Layer
    from stalewatch.model.report import Finding
    from stalewatch.model.unseen import Unseen


class Observed(NamedTuple):
    """A link, and the findings of a broken one: each belongs to a layer, and makes it what the finding says."""

    link: ChainLink
    findings: tuple[Finding, ...] = ()


class LinkSpec(NamedTuple):
    """*question*: what the link answers, for a person. *judge*: from the context and the layers' own rulings; None
    where the question does not arise."""

    name: LinkName
    question: str
    judge: Callable[[Context, Mapping[Layer, Ruling]], Observed | None]


def ok(name: LinkName, says: str, how: str, **evidence: str) -> Observed:
    """Observed by the witness *how*, and as it has to be."""
    return Observed(ChainLink(name=name, state=LinkState.OK, says=safe(says), how=safe(how), evidence=_texts(evidence)))


def broken(name: LinkName, says: str, how: str, *findings: Finding, **evidence: str) -> Observed:
    """Observed by the witness *how*, and wrong: *says* what is wrong in words, *findings* make the layers what they are."""
    return Observed(ChainLink(name=name, state=LinkState.BROKEN, says=safe(says), how=safe(how), evidence=_texts(evidence)), findings)


def unseen(name: LinkName, missing: Unseen, *findings: Finding, **evidence: str) -> Observed:
    """Not observed: *missing* says why, and what to grant."""
    return Observed(
        ChainLink(name=name, state=LinkState.UNSEEN, says=missing.message, evidence=_texts(evidence), missing=missing), findings
    )


def _texts(evidence: Mapping[str, str]) -> dict[str, SafeText]:
    return {safe(label.replace("_", " ")): safe(value) for label, value in evidence.items() if value}
