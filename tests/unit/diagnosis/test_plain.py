"""Every rule has three sentences that a tired stranger understands."""

from __future__ import annotations

import re

import pytest

from stalewatch.diagnosis.plain import PLAIN
from stalewatch.diagnosis.rules import RULES

PROOF = re.compile(
    r"\b(mtime|ctime|inode|evidence|proof|proven|proves|witness|verdict|stale|suspect|bytecode|timestamps?|"
    r"compiled (after|before)|not compiled|last used|hits|check ?sum|sha-?256|namespace|realpath)\b",
    re.IGNORECASE,
)


def test_every_rule_has_its_sentences_and_nothing_else_has() -> None:
    assert PLAIN.keys() == RULES.keys()


@pytest.mark.parametrize("code", RULES)
def test_it_is_three_short_sentences_without_the_language_of_proofs(code: str) -> None:
    for sentence in PLAIN[code]:
        assert re.fullmatch(r"[A-Z][^\n]*\.", sentence), sentence
        assert len(re.findall(r"[.!?](?=\s|$)", sentence)) == 1, f"more than one sentence: {sentence}"
        assert len(sentence.split()) <= 25, sentence
        assert not PROOF.search(sentence), sentence
