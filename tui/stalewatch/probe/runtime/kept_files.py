"""What a pool is asked about files that it keeps aside, by us or by the server itself when we are gone, and what it says. Pure."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import msgspec

from stalewatch.model.errors import LinkError, ProtocolError
from stalewatch.model.text import safe
from stalewatch.probe.runtime import answer as answers
from stalewatch.probe.runtime.chroot import inside
from stalewatch.probe.runtime.request import parameters
from stalewatch.transport.fastcgi.client import whole
from stalewatch.transport.fastcgi.codec import encode_request

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stalewatch.probe.runtime.answer import Answer


def body(files: Sequence[str], options: Mapping[str, object], root: str) -> dict[str, object]:
    """*root*: what the pool takes for / ("" the usual): artisan, which is not in there, can't be told where it is to build."""
    return {"files": [inside(path, root) for path in files], **options, **({"variables": []} if root else {})}


def request_alone(verb: str, files: Sequence[str], options: Mapping[str, object], root: str) -> bytes:
    """The whole FastCGI request to what lies beside the first of *files* once they are kept."""
    script = f"{inside(files[0], root).rpartition('/')[0]}/.stalewatch/runtime.php"
    asked = msgspec.json.encode(body(files, options, root))
    return encode_request(parameters(script, verb, asked), asked)


def told(files: Sequence[str], answer: Answer) -> dict[str, str]:
    """Path -> what is wrong, or became of it ("" nothing); *files* first, then what else the pool names."""
    more = (path for path, _ in answer.artefacts[len(files) :])
    return {path: safe(why, 200) for path, (_, why) in zip((*files, *more), answer.artefacts, strict=False)}


def told_alone(files: Sequence[str], said: str) -> dict[str, str]:
    """As :func:`told`, from what the command said that has sent :func:`request_alone`; empty where that is no answer."""
    try:
        response = whole(base64.b64decode(said))
        if response.status >= 400:
            raise ProtocolError(f"the pool answered {response.status}")
        return told(files, answers.decode(response.body, deflated=response.headers.get("x-stalewatch") == "deflate"))
    except (ValueError, LinkError):
        return {}
