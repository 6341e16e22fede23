"""Apache: virtual hosts, ``SetHandler``, ``ProxyPassMatch``, ``DocumentRoot``, conditions, and the PHP that Apache runs itself. Pure."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, NamedTuple

from stalewatch.probe.host.web_server.site import Site, address, statements, unreadable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from stalewatch.probe.host.web_server.site import Files

MAINS = ("/etc/apache2/apache2.conf", "/etc/httpd/conf/httpd.conf", "/usr/local/apache2/conf/httpd.conf", "/etc/apache2/httpd.conf")
_PID_FILES = ("/run/apache2/apache2.pid", "/run/httpd/httpd.pid", "/usr/local/apache2/logs/httpd.pid")
_VARIABLE = re.compile(r"\$\{(\w+)\}")
_FILE = re.compile(r"-f\s*(/\S+?\.conf)")
_SCRIPT = "/index.php"
_RANKS = {"directory": 1, "directorymatch": 1, "files": 2, "filesmatch": 2, "location": 3, "locationmatch": 3, "if": 4}
_PROXIED = ("proxypass", "proxypassmatch")
_OWN = ".htaccess"
_HANDLERS = ("sethandler", "addhandler", "addtype")


class _Rule(NamedTuple):
    """*words* of a directive that says what runs PHP, in the sections *within*, outermost first."""

    words: tuple[str, ...]
    within: tuple[tuple[str, ...], ...]
    file: str


class _Host:
    """A virtual host, or the main server, whose rules all others inherit."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.overrides: list[_Rule] = []
        self.root = ""
        self.names: list[str] = []
        self.aliases: list[tuple[str, str]] = []
        self.rules: list[_Rule] = []
        self.unread: list[str] = []
        self.variables: dict[str, str] = {}


class _Known(NamedTuple):
    """*workers*: names that ``<Proxy>`` gives to addresses; *php*: Apache has the module that runs PHP."""

    workers: Mapping[str, tuple[str, ...]]
    php: bool


def main_of(title: str) -> str:
    """The file that a running Apache was started with, by its arguments ("" the one that it was built with)."""
    found = _FILE.search(title)
    return found[1] if found else ""


def pattern_of(word: str, main: str, texts: Mapping[str, str]) -> str:
    """An Include's word as an absolute pattern."""
    lines = [line.split("\t") for text in texts.values() for line in text.split("\n")]
    word = _expand(word, {words[1]: words[2] for words in lines if words[0] == "define" and len(words) == 4})
    root = next((words[1] for words in lines if words[0] == "serverroot"), main.rpartition("/")[0])
    return word if word.startswith("/") else f"{root.rstrip('/')}/{word}"


def beside(texts: Mapping[str, str]) -> list[str]:
    """What directories say themselves: the ``.htaccess`` of every document root."""
    lines = [line.split("\t") for text in texts.values() for line in text.split("\n")]
    roots = (words[1].rstrip("/") for words in lines if words[0] == "documentroot" and words[1].startswith("/") and "$" not in words[1])
    return [f"{root}/{_OWN}" for root in dict.fromkeys(roots)]


def pid_files(texts: Mapping[str, str]) -> list[str]:
    """What Apache writes again at each reload: the one that is named, else where packages have it."""
    lines = [line.split("\t") for text in texts.values() for line in text.split("\n")]
    named = [words[1] for words in lines if words[0] == "pidfile"]
    return named if named and all(path.startswith("/") and "$" not in path for path in named) else list(_PID_FILES)


def parse(files: Files) -> tuple[Site, ...]:
    """Every place that serves scripts: document roots of virtual hosts, and what they show of other directories."""
    hosts, known = _read(files)
    main, virtual = hosts[0], hosts[1:]
    sites: list[Site] = []
    for host in virtual or [main]:
        rules = [host.rules, main.rules] if host is not main else [host.rules]
        docroot = (host.root or main.root).rstrip("/")
        if _may_override([*main.overrides, *(host.overrides if host is not main else ())], docroot):
            rules.insert(0, _own_rules(files, docroot))
        aliases = [*host.aliases, *(main.aliases if host is not main else ())]
        for place, root in [("", docroot), *((alias, path) for alias, path in aliases if alias.startswith("/"))]:
            if root:
                sites.append(_site(host, place.rstrip("/"), root.rstrip("/") or "/", rules, known))
    return tuple(dict.fromkeys(sites))


def _read(files: Files) -> tuple[list[_Host], _Known]:
    """The hosts, the main server first."""
    found = statements(files, files.main, lambda word: pattern_of(word, files.main, files.texts))
    modules = {each.words[1] for each in found if each.words[:1] == ("loadmodule",)}
    defines: dict[str, str] = {}
    workers: dict[str, list[str]] = {}
    hosts, blocks, dead = [_Host(files.main)], list[tuple[str, ...]](), 0
    for statement in found:
        words = tuple(_expand(word, defines) for word in statement.words)
        if statement.mark == "{":
            live = not dead and _holds(words, modules, defines)
            dead += not live
            blocks.append(words)
            if live and words[0] == "virtualhost":
                hosts.append(_Host(statement.file))
            if live and words[0] == "proxy" and "|" in words[-1]:
                workers.setdefault(_worker(words[-1]), []).append(words[-1].partition("|")[0])
        elif statement.mark == "}":
            blocks[-1:] = []
            dead -= bool(dead)
        elif not dead:
            inside = next((each for each in blocks if each[0] == "virtualhost"), None)
            proxy = next((each[-1] for each in blocks if each[0] == "proxy"), "")
            if words[0] == "define":
                defines[words[1]] = words[2]
            elif words[0] == "balancermember":
                workers.setdefault(_worker(proxy), []).append(words[1])
            else:
                _take(hosts[-1] if inside else hosts[0], words, tuple(each for each in blocks if each[0] in _RANKS), statement.file)
    php = any(re.fullmatch(r"php\d?_module", name) for name in modules)
    return hosts, _Known({name: tuple(some) for name, some in workers.items()}, php)


def _may_override(rules: Sequence[_Rule], root: str) -> bool:
    """Whether the directory's own file may name a handler: by the AllowOverride of the innermost section; without any it may not."""
    told = [(_rank(rule), at, rule.words) for at, rule in enumerate(rules) if _applies(rule.within, "", root)]
    return bool(told) and bool({"all", "fileinfo"} & set(max(told)[2]))


def _own_rules(files: Files, root: str) -> list[_Rule]:
    """The handlers in the ``.htaccess`` of *root*, which come after those of its Directory sections."""
    blocks: list[tuple[str, ...]] = []
    rules = []
    for statement in statements(files, f"{root}/{_OWN}", str):
        if statement.mark == "{":
            blocks.append(statement.words)
        elif statement.mark == "}":
            blocks[-1:] = []
        elif statement.words[0] in _HANDLERS:
            within = (("directory", root), *(each for each in blocks if each[0] in _RANKS))
            rules.append(_Rule(statement.words, within, statement.file))
    return rules


def _take(host: _Host, words: tuple[str, ...], within: tuple[tuple[str, ...], ...], file: str) -> None:
    if words[0] == "documentroot":
        host.root = words[1]
    elif words[0] in ("servername", "serveralias"):
        host.names += [name.partition(":")[0] for name in words[1:]]
    elif words[0] == "setenv" and len(words) == 3 and not within:
        host.variables[words[1]] = words[2]
    elif words[0] == "alias" and len(words) == 3:
        host.aliases.append((words[1], words[2]))
    elif words[0] == "allowoverride":
        host.overrides.append(_Rule(words, within, file))
    elif words[0] == "unread":
        host.unread.append(words[1])
    elif words[0] in (*_PROXIED, *_HANDLERS):
        host.rules.append(_Rule(words, within, file))


def _holds(words: tuple[str, ...], modules: set[str], defines: Mapping[str, str]) -> bool:
    """Whether what is inside of this section counts: a module that is loaded, a name that is defined, no macro."""
    if words[0] == "macro":
        return False
    if words[0] not in ("ifmodule", "ifdefine") or len(words) < 2 or (words[0] == "ifmodule" and not modules):
        return True
    name = words[1].removeprefix("!")
    if words[0] == "ifmodule":
        # mod_php8.c calls itself php_module, mod_php7.c php7_module.
        plain = re.sub(r"^mod_(\w+)\.c$", r"\1_module", name)
        there = plain in modules or (plain == "php8_module" and "php_module" in modules)
    else:
        there = name in defines
    return there is not words[1].startswith("!")


def _site(host: _Host, place: str, root: str, rules: Sequence[list[_Rule]], known: _Known) -> Site:
    """What runs the scripts that are asked for at *place* and lie in *root*. *rules*: the host's, then those that it inherits."""
    plain = root if root.startswith("/") and "$" not in root and "%" not in root else ""
    passes, why, runs, file, folder = _decided(place, plain, rules, known)
    if not passes and not why and not runs:
        why = unreadable(next(iter(host.unread), ""))
    return Site(
        server="apache",
        root=folder or plain,
        names=tuple(dict.fromkeys(host.names)),
        passes_to=passes,
        undecided=why,
        runs_php=runs,
        file=file or host.file,
        variables=tuple(host.variables.items()),
    )


def _decided(place: str, root: str, rules: Sequence[list[_Rule]], known: _Known) -> tuple[tuple[str, ...], str, bool, str, str]:
    """Addresses, why they are not all, whether Apache runs PHP itself, the file that says so, and the directory that a proxy is told."""
    for rule in (rule for some in rules for rule in some if rule.words[0] in _PROXIED):
        if _asked_for(rule, place):
            if rule.words[-1] in ("!", "?"):
                break
            some, why = _addresses(rule.words[-1], known)
            return some, why, False, rule.file, _told_folder(rule.words[-1]) if not place else ""
    wanted = [
        (_rank(rule), -depth, at, rule) for depth, some in enumerate(rules) for at, rule in enumerate(some) if rule.words[0] in _HANDLERS
    ]
    passes: tuple[str, ...] = ()
    parts: list[str] = []
    doubt, runs, file = "", False, ""
    for *_, rule in sorted(wanted, key=lambda each: each[:3]):
        applies = _applies(rule.within, place, root)
        some, why, itself = _handled(rule.words, known)
        if applies is False:
            parts += some if _is_part(rule.within, place, root) else ()
            continue
        if applies:
            passes, doubt, runs, file = some, why, itself, rule.file
        elif some or itself:
            passes, doubt = tuple(dict.fromkeys((*passes, *some))), "Apache decides at each request what runs its PHP (<If>)"
    return tuple(dict.fromkeys((*passes, *parts))) if passes else (), doubt, runs, file, ""


def _asked_for(rule: _Rule, place: str) -> bool:
    """Whether a request for the script of *place* is proxied by *rule*."""
    asked = f"{place}{_SCRIPT}"
    if rule.within and _applies(rule.within, place, "") is False:
        return False
    pattern = rule.words[1]
    if not pattern:
        return bool(rule.within)
    return _matches(pattern, asked) if rule.words[0] == "proxypassmatch" else asked.startswith(pattern)


def _handled(words: tuple[str, ...], known: _Known) -> tuple[tuple[str, ...], str, bool]:
    """Addresses, why not all, and whether Apache itself is PHP, by one handler."""
    handler = words[1]
    if handler.startswith("proxy:"):
        return *_addresses(handler.removeprefix("proxy:"), known), False
    if "php" not in handler:
        return (), "", False
    return ((), "", True) if known.php else ((), f"Apache gives PHP to the handler {handler}, which is no PHP-FPM", False)


def _addresses(target: str, known: _Known) -> tuple[tuple[str, ...], str]:
    """Every address that *target* of a proxy can mean, and why that is not all ("" it is)."""
    if "$" in target.partition("|")[0].partition("/$")[0] or "?" in target:
        return (), f"{target.partition('|')[0]}: its value is not known"
    name = _worker(target)
    members = known.workers.get(name, ()) if "|" not in target else ()
    ways = [address(_plain(each)) for each in members or (target,)]
    every = tuple(dict.fromkeys(one for one in ways if one))
    return every, "" if every else f"{target}: no address that is known"


def _plain(target: str) -> str:
    """``unix:/run/a.sock|fcgi://x/`` is the socket, ``fcgi://127.0.0.1:9000/srv`` the port."""
    if target.startswith("unix:"):
        return target.partition("|")[0]
    return re.split(r"[/?]", target.partition("://")[2])[0]


def _worker(url: str) -> str:
    """The name of a worker: scheme and host of its URL."""
    scheme, _, rest = url.rpartition("|")[2].partition("://")
    return f"{scheme}://{rest.partition('/')[0]}"


def _told_folder(target: str) -> str:
    """The directory of the scripts where a proxy's URL names it: ``fcgi://127.0.0.1:9000/srv/app/public/$1``."""
    path = target.rpartition("|")[2].partition("://")[2].partition("/")[2]
    folder = f"/{path}".partition("$")[0].rstrip("/")
    return folder if path and "$" in path else ""


def _rank(rule: _Rule) -> tuple[int, int]:
    """Sections in the order in which Apache reads them; deeper directories later."""
    ranks = [_RANKS[each[0]] for each in rule.within]
    deep = max((len(each[-1]) for each in rule.within if each[0] == "directory"), default=0)
    own = {"addtype": -2, "addhandler": -1}.get(rule.words[0], 0)
    return (own, 0) if own else (max(ranks, default=0), deep)


def _applies(within: Iterable[tuple[str, ...]], place: str, root: str) -> bool | None:
    """Whether the script of *place*, in *root*, is inside of all of *within*; None: it depends on the request."""
    answers = list(_each(within, f"{place}{_SCRIPT}", f"{root}{_SCRIPT}"))
    return False if False in answers else None if None in answers else True


def _is_part(within: Iterable[tuple[str, ...]], place: str, root: str) -> bool:
    """Whether other scripts of the site are inside of all of *within*: a part of it that another pool may serve. Not: FPM's status page."""
    for section in within:
        kind, word = section[0], section[-1]
        if kind.startswith("directory") and not (root and word.startswith(f"{root}/")):
            return False
        if kind.startswith("location") and (not word.lstrip("^").startswith(f"{place}/") or "status" in word or "ping" in word):
            return False
        if kind.startswith("files") and "ph" not in word:
            return False
    return True


def _each(within: Iterable[tuple[str, ...]], asked: str, path: str) -> Iterator[bool | None]:
    for section in within:
        kind, word = section[0], section[-1]
        regex = kind.endswith("match") or (len(section) > 2 and section[1] == "~")
        if kind == "if":
            yield True if word == "file" else None
        elif kind.startswith("files"):
            yield _matches(word, _SCRIPT[1:]) if regex else fnmatchcase(_SCRIPT[1:], word)
        elif kind.startswith("location"):
            yield _matches(word, asked) if regex else asked.startswith(word.rstrip("/") + "/") or word == asked
        else:
            yield _matches(word, path) if regex else fnmatchcase(f"{path}/", f"{word.rstrip('/')}/*")


def _matches(pattern: str, text: str) -> bool:
    """By a regular expression; one that Python does not know matches if it is about PHP."""
    try:
        return re.search(pattern, text) is not None
    except re.error:
        return "ph" in pattern


def _expand(word: str, defines: Mapping[str, str]) -> str:
    return _VARIABLE.sub(lambda match: defines.get(match[1]) or match[0], word) if "${" in word else word
