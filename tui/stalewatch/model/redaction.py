"""Takes passwords and tokens out of what programs say and of what they were started with. Pure.

Recognised are names that say so (``--password=…``, ``DB_PASSWORD=…``, ``"secret": "…"``, ``Authorization: …``), places where one has to be
(``scheme://user:…@``, the third argument of ``new PDO``, a text in PHP's syntax error), and the forms of some well-known tokens. A secret
that looks like any other word stays.
"""

from __future__ import annotations

import re

from stalewatch.model.text import MAX_LENGTH, SafeText, safe

_NAME = r"pass(?:word|wd|phrase)?|[_-]pwd|secret|token|(?:api|app|access|private|encryption|signing)[_-]?key|credentials?"
_VALUE = r"""(?:\\"(?:(?!\\").)*\\"|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\S+)"""
_PLAIN = r"(?!(?:YES|NO|null|true|false)\b|\*\*\*)"
_ANY_ARGUMENT = r"(?:'[^']{0,500}'|[^,']{1,200})"
_SECRETS = tuple(
    re.compile(f"(?i){kept}{secret}")
    for kept, secret in (
        (r"(://[^\s/:@'\"]{0,200}:)", r"(?!\d{1,5}/)[^\s'\"]{1,500}(?=@)"),
        (r"(https?://)", r"[^\s/:@'\"]{1,500}(?=@)"),
        (rf"((?:^|\s)--?[\w-]{{0,40}}(?:{_NAME})(?:=|\s+))", _VALUE),
        (r"((?-i:\b(?:mysql\w*|mariadb[\w-]*)\b[^|;]{0,500}?\s-p))", r"\S+"),
        (r"(authorization[\"']?\s{0,3}(?::|=>?)\s{0,3}[\"']?(?:(?:basic|bearer|digest|token)\s+)?)", r"[^\s\"']+"),
        (r"(\bbearer\s+)", r"[\w.~+/=-]{8,}"),
        (r"(\b(?:set-)?cookie:\s{0,3})", r".+"),
        (rf"""((?<!no)(?:{_NAME})\\?["'\]]{{0,2}}\s{{0,3}}(?:=>|=|:)\s{{0,3}})""", _PLAIN + _VALUE),
        (rf"(\bPDO(?:->|::)__construct\({_ANY_ARGUMENT}, {_ANY_ARGUMENT}, )", r"'[^']*'?"),
        (r"(->auth\()", r"'[^']*'?"),
        (r"(quoted string |string content )", r'"[^"]*"?'),
        (r"(\bbase64:)", r"[A-Za-z0-9+/]{16,}={0,2}"),
        (r"()", r"\beyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?"),
        (r"()", r"\b(?:gh[pousr]_|github_pat_|glpat-|xox[abprs]-|[sr]k_(?:live|test)_|AKIA)[\w-]{12,}"),
    )
)


def redacted(said: str | bytes, limit: int = MAX_LENGTH) -> SafeText:
    """*said* made safe and cut to *limit* characters, with ``***`` in the place of each secret that is recognised."""
    text: str = safe(said)
    for pattern in _SECRETS if text else ():
        text = pattern.sub(r"\1***", text)
    return safe(text, limit)
