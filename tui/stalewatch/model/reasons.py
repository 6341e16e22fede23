"""Why something could not be seen or done: every code of JSON ``errors``, with what it means and what to do about it.

An :class:`~stalewatch.model.unseen.Unseen` is made by :meth:`Reason.unseen`; an error of :mod:`stalewatch.model.errors` has a reason.
``stalewatch explain CODE`` and ``docs/CODES.md`` print this table. The codes are a public contract.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stalewatch.model.exit_codes import ExitCode

if TYPE_CHECKING:
    from stalewatch.model.unseen import Unseen


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """*meaning*: what happened, in general; the message of an error says what and where. *advice*: what a person can do.

    *exit*: what a command exits with because of it; ``OK`` where no verdict depends on it. *retry*: whether stalewatch may try again by
    itself.
    """

    code: str
    meaning: str
    advice: str
    exit: ExitCode
    retry: bool

    def unseen(self, message: str, grant: str = "") -> Unseen:
        """The fact, for a Snapshot or Report. *message*: what and where; *grant*: what to do or to grant here. Both are made safe."""
        from stalewatch.model.text import safe
        from stalewatch.model.unseen import Unseen  # not at the top: it loads msgspec, and ``--help`` does without

        return Unseen(code=self.code, message=safe(message), grant=safe(grant))

    @property
    def weight(self) -> str:
        """``error, exit code 3``, or ``error, no verdict depends on it``."""
        return f"error, exit code {self.exit.value}" if self.exit else "error, no verdict depends on it"

    def text(self) -> str:
        """What ``stalewatch explain`` prints: plain text, no markup."""
        return f"{self.code}  ({self.weight})\n\n{self.meaning}\n\nWhat to do: {self.advice}"


REASONS: dict[str, Reason] = {}
"""By code, in the order of this file."""


def _reason(code: str, meaning: str, advice: str, *, exit: ExitCode = ExitCode.UNKNOWN, retry: bool = True) -> Reason:
    REASONS[code] = reason = Reason(code=code, meaning=meaning, advice=advice, exit=exit, retry=retry)
    return reason


def what_to_do(error: Unseen) -> str:
    """What *error* says is to be granted or done here, else what is to be done about its reason in general ("" nothing is known)."""
    return str(error.grant) or (REASONS[error.code].advice if error.code in REASONS else "")


def may_retry(code: str) -> bool:
    """Whether stalewatch may try again by itself after an error with *code*: sshd penalises an address that fails again and again."""
    return code not in REASONS or REASONS[code].retry


# ------------------------------------------------------------------------------------------------------------ stalewatch itself

USAGE = _reason(
    "usage",
    "The arguments, stalewatch.toml or ssh_config make no sense.",
    "Correct what the message names.",
    exit=ExitCode.USAGE,
)
INTERNAL = _reason(
    "internal",
    "stalewatch itself failed: a bug. Nothing is known of the server.",
    "Start it again, and report the bug with the log.",
)
DEMO_NOT_STARTED = _reason(
    "demo.not-started",
    "The embedded servers of the demo did not start.",
    "It needs room in the temporary directory and free TCP ports on this machine.",
    exit=ExitCode.FAILED,
)

# --------------------------------------------------------------------------------------------------------------------- the link

LINK_UNREACHABLE = _reason(
    "link.unreachable",
    "The server cannot be reached: no route, connection refused, no answer in time, or it hung up before the login was done.",
    "Check that `ssh TARGET true` works from here.",
)
LINK_NAME = _reason(
    "link.name",
    "The server's name cannot be resolved.",
    "Check the name, or HostName in ssh_config.",
)
LINK_HUNG_UP = _reason(
    "link.hung-up",
    "The server closed the connection before it showed its host key. sshd does so when too many connect at once (MaxStartups) or when it "
    "refuses this address (PerSourcePenalties, hosts.deny).",
    "Wait a minute; if it stays, look at sshd's log on the server.",
)
LINK_NO_COMMON_ALGORITHM = _reason(
    "link.no-common-algorithm",
    "The server and this client have no SSH algorithm in common.",
    "Update sshd on the server, or allow a newer algorithm in sshd_config.",
)
LINK_HOST_KEY_UNKNOWN = _reason(
    "link.host-key-unknown",
    "The server's host key is in no known_hosts file, or its certificate is not valid for this host or time. The key is not accepted.",
    "Compare the fingerprint with the server's own, then accept it once with ssh.",
    retry=False,
)
LINK_HOST_KEY_CHANGED = _reason(
    "link.host-key-changed",
    "The server shows another host key than known_hosts has: it was reinstalled, or somebody is between you and the server.",
    "Find out why before you do anything. Then remove the old key (ssh-keygen -R) and accept the new one with ssh.",
    retry=False,
)
LINK_HOST_KEY_REVOKED = _reason(
    "link.host-key-revoked",
    "The server's host key is revoked, or the list of revoked keys cannot be read, so that no key can be trusted.",
    "Do not trust the server. If the list is wrong or unreadable, correct it (RevokedHostKeys, @revoked in known_hosts).",
    retry=False,
)
LINK_AUTH = _reason(
    "link.auth",
    "The server accepted none of the keys that were offered.",
    "Add the right key to the agent (ssh-add), or to authorized_keys on the server.",
    retry=False,
)
LINK_NOT_PERMITTED = _reason(
    "link.not-permitted",
    "The server refused one thing (a command, a socket, a file); the connection itself works.",
    "See the message for what was refused.",
)
LINK_LOST = _reason(
    "link.lost",
    "The connection ended while something was running. Whether it was done is not known until the next look.",
    "Wait: stalewatch connects again and looks.",
)
LINK_TIMEOUT = _reason(
    "link.timeout",
    "The server did not answer in time. The connection may still work.",
    "Try again with a longer --timeout; look at the load of the server.",
)
LINK_SILENT = _reason(
    "link.silent",
    "The server has not answered for a while, and the connection has not ended: a stalled network or a stalled server.",
    "Wait: stalewatch connects again. Look at the load of the server.",
)
LINK_PROTOCOL = _reason(
    "link.protocol",
    "The server sent something that is not a valid answer, or more than stalewatch takes.",
    "Check that the login's shell start-up files print nothing. If they do not, report it.",
)
LINK_INCOMPLETE = _reason(
    "link.incomplete",
    "The answer of PHP-FPM was cut off: its worker was killed during the request, for example by a reload.",
    "Look again after the reload.",
)
SSH_NOT_INSTALLED = _reason(
    "ssh.not-installed",
    "The ssh client is not installed on this machine. stalewatch asks it (ssh -G) what ssh_config says of a target.",
    "Install openssh-client.",
    retry=False,
)
SSH_FORWARDING_OFF = _reason(
    "ssh.forwarding-off",
    "sshd does not forward to the socket of the FPM pool, although somebody listens there, and the server has no program through which it "
    "can be reached instead (php, python3, perl, socat, or nc with -U).",
    "Set AllowTcpForwarding and AllowStreamLocalForwarding to local in sshd_config (with AllowTcpForwarding no, sshd refuses sockets too), "
    "reload sshd, and connect again. Or install one of those programs.",
)
SSH_MAX_SESSIONS = _reason(
    "ssh.max-sessions",
    "sshd opens no further session on this connection. One is needed to look, one more for a relay where sshd does not forward, one more "
    "while a runbook runs.",
    "Set MaxSessions in sshd_config to its default, 10 (3 are enough), and reload sshd.",
)
HOST_NO_SHELL = _reason(
    "host.no-shell",
    "The login gets no POSIX shell on the server, so the probe cannot run.",
    "Give the login a shell: no ForceCommand, not sftp only.",
)

HOST_PROCESSES_HIDDEN = _reason(
    "host.processes-hidden",
    "/proc does not show this login the processes of other users (hidepid, ProtectProc= of the unit of sshd, or no /proc at all): which "
    "PHP runs here, FPM's master and queue workers among it, cannot be seen.",
    "Add the login to the group that gid= of that mount names, or mount /proc with hidepid=0 for it.",
)

# ------------------------------------------------------------------------------------------------------------------ application

APP_MISSING = _reason(
    "app.missing",
    "The application's path is not there: the one that was asked for, or one that was there at an earlier look.",
    "Check the path (--app, or [[server.app]] in stalewatch.toml), and whether this login may see it.",
)
APP_LINK_NOWHERE = _reason(
    "app.link-nowhere",
    "The link beside the releases leads to none (to itself, or to one that is gone), or is gone itself; or the application's path is any "
    "other link that leads to nothing. PHP-FPM answers from what it remembers until realpath_cache_ttl is over, or until it is reloaded; "
    "then every request is 404.",
    "Let it lead to the application again, and do not reload PHP-FPM before that.",
)
APP_NONE_FOUND = _reason(
    "app.none-found",
    "No PHP application was found on this server: not in nginx's roots, the directories of the FPM pools, /srv or /var/www.",
    "Name it: --app PATH, or [[server.app]] in stalewatch.toml.",
)
APP_LEFT_OUT = _reason(
    "app.left-out",
    "Applications were found on this server that are not looked at: there are more than stalewatch watches on one server, or a path holds "
    "a newline. What runs in them is not known, so a command does not exit with 0.",
    "Name those that matter: --app PATH, or [[server.app]] in stalewatch.toml.",
)
APP_NOT_ASKED = _reason(
    "app.not-asked",
    "The smoke request could not be sent, or got no answer: whether the application works is not known.",
    "See the message: the pool must be one that can be asked, and the entry script one that is known.",
)
RELEASE_COMMIT_UNKNOWN = _reason(
    "release.commit-unknown",
    "check --expect-commit was given a commit, and the release does not name one that this login may read.",
    "Write it into REVISION in the root of the release when it is deployed, or let the login read .git.",
)
RELEASE_FILE_UNREAD = _reason(
    "release.file-unread",
    "check --expect-file was given a file whose content could not be compared on the server: neither this login nor the pool may read it, "
    "it is longer than 64 MB, or the server has no program that takes a SHA-256.",
    "See the message: what to grant or to install.",
)
APP_LINKS_LEFT_OUT = _reason(
    "app.links-left-out",
    "The application has more symbolic links to folders or PHP files than stalewatch follows (500, four folders deep). Code that is "
    "reached through one of the others may have been compiled from where it led before.",
    "Reload PHP-FPM in every deploy that switches a link.",
)
APP_FILES_LEFT_OUT = _reason(
    "app.files-left-out",
    "A file of the application is longer than stalewatch reads (the message names it): what its end says was not compared with anything.",
    "Compare it by hand. composer.json is read up to 1 MB, packages.php up to 2 MB, composer.lock and installed.json up to 16 MB.",
)
APP_CRON_LEFT_OUT = _reason(
    "app.cron-left-out",
    "Cron has more lines that run PHP than stalewatch reads of one file (2000): one of the others may name an old release.",
    "Search the file for the path of a release: grep -n releases FILE.",
)
LOG_MISSING = _reason(
    "log.missing",
    "A log is not there, or this login may not see its directory.",
    "Check the path ([[log]] in stalewatch.toml). A log that nobody has written to yet is normal.",
    exit=ExitCode.OK,
)
LOG_DENIED = _reason(
    "log.denied",
    "This login may not read a log.",
    "Grant it read access to that file with setfacl; the log's group may open much more.",
    exit=ExitCode.OK,
)
LOG_NO_FILE = _reason(
    "log.no-file",
    "PHP-FPM's error_log is syslog or a device, so there is no file to follow.",
    "Set error_log to a file in php-fpm.conf if you want to see it here.",
    exit=ExitCode.OK,
)

# ---------------------------------------------------------------------------------------------------------------------- PHP-FPM

FPM_NOT_FOUND = _reason(
    "fpm.not-found",
    "No PHP-FPM was found for this application: no master process is visible, or no pool can serve it.",
    "Name the pool's socket (--fpm-socket, or app.socket in stalewatch.toml). Where /proc is mounted with hidepid, add the login to the "
    "group that the mount names.",
)
FPM_NOT_RUNNING = _reason(
    "fpm.not-running",
    "PHP-FPM is configured on this server, but no master process runs.",
    "Start PHP-FPM.",
)
FPM_IN_CONTAINER = _reason(
    "fpm.in-container",
    "PHP-FPM runs in a container or in a pid namespace of its own, and nothing shows that the pool outside of it serves this application: "
    "it may be served from in there, where stalewatch does not look (`docker exec` is not used yet).",
    "Run stalewatch against an sshd in the container, or request a page of the application once if the pool outside serves it.",
)
FPM_UNDECIDED = _reason(
    "fpm.undecided",
    "Which PHP-FPM pool serves the application cannot be told: the web server's configuration decides at each request, names several "
    "pools, or names one on another machine. The verdict of any other pool would mean nothing.",
    "Name the pool's socket (--fpm-socket, or app.socket in stalewatch.toml).",
)
FPM_NOT_USED = _reason(
    "fpm.not-used",
    "The web server runs the PHP of this application itself (Apache with mod_php, Caddy as FrankenPHP). It has no socket to be asked "
    "through, and the cache of a PHP-FPM pool beside it says nothing about this application.",
    "Install a health file, by which its own PHP tells (`stalewatch init --health-file`); or reload the web server after each deploy, or "
    "serve the application by PHP-FPM (Apache: proxy_fcgi).",
)
WEB_CONFIG_DENIED = _reason(
    "web.config-denied",
    "This login may not read a file of the web server's configuration, no other one names the application, and nothing else shows which "
    "pool serves it.",
    "Let the login read that file, or name the pool's socket (--fpm-socket, or app.socket in stalewatch.toml).",
)
WEB_NOT_RELOADED = _reason(
    "web.not-reloaded",
    "A file of the web server's configuration changed after the web server last read it: what runs may have another directory, script or "
    "pool for this application than the files say.",
    "Reload it: nginx -t && systemctl reload nginx, or apachectl configtest && systemctl reload apache2 (httpd).",
)
WEB_LEFT_OUT = _reason(
    "web.left-out",
    "The web server's configuration holds more than stalewatch reads: of one file 1 MB, of all includes 2000 patterns, twelve deep. What "
    "the rest says of any application is not known, so a command does not exit with 0.",
    "Name the pool: --fpm-socket, or socket under [[server.app]] in stalewatch.toml; divide the file that is named.",
)
FPM_CONFIG_DENIED = _reason(
    "fpm.config-denied",
    "This login may not read PHP-FPM's configuration, so the pool's socket is not known.",
    "Make the configuration readable for the login, or name the socket (--fpm-socket, or app.socket in stalewatch.toml).",
)
FPM_CONFIG_LEFT_OUT = _reason(
    "fpm.config-left-out",
    "A file of PHP-FPM's configuration has more settings than stalewatch reads of one file (1 MB): the pools in the rest of it are not "
    "known.",
    "One file for each pool, or name the socket (--fpm-socket, or app.socket in stalewatch.toml).",
)
FPM_CACHE_UNSEEN = _reason(
    "fpm.cache-unseen",
    "A PHP-FPM runs here that serves none of the applications that are watched, as far as is known, and it does not tell whose code its "
    "cache holds: an application of which nothing else tells may be served by it.",
    "See the message: it says what opens its socket to this login. Or name the applications: --app PATH, or [[server.app]].",
)
FPM_SOCKET_MISSING = _reason(
    "fpm.socket-missing",
    "The pool's socket is not there, or the path is not a socket.",
    "Start PHP-FPM, or correct the path of the socket.",
)
FPM_SOCKET_DEAD = _reason(
    "fpm.socket-dead",
    "The pool's socket is there, but no process listens on it: PHP-FPM is down.",
    "Start PHP-FPM.",
)
FPM_SOCKET_DENIED = _reason(
    "fpm.socket-denied",
    "This login may not connect to the pool's socket, so PHP cannot be asked what it has cached.",
    "Add the login to the socket's group (sudo usermod -aG GROUP LOGIN), and log in again. Where that group opens the pools of others too, "
    "name the login in this pool alone: listen.acl_users, with the users who are in now.",
)
FPM_PORT_REFUSED = _reason(
    "fpm.port-refused",
    "The pool's TCP port accepts no connection: PHP-FPM is down, or sshd does not forward to it.",
    "Start PHP-FPM; allow the port in sshd_config (AllowTcpForwarding, PermitOpen).",
)
FPM_NO_ANSWER = _reason(
    "fpm.no-answer",
    "A request to the pool is still waiting: no worker is free.",
    "See which requests hold the workers. Set pm.status_listen, so that the pool's state can be seen while it is busy.",
)
FPM_TIMEOUT = _reason(
    "fpm.timeout",
    "PHP-FPM did not answer a request in time.",
    "See which requests hold the workers, then try again.",
)
FPM_STATUS_HANGS = _reason(
    "fpm.status-hangs",
    "No worker of the pool answered in time, or its status page did not.",
    "Set pm.status_listen, so that the pool's state can be seen while it is busy.",
)
FPM_STATUS_UNREADABLE = _reason(
    "fpm.status-unreadable",
    "PHP-FPM's status page answered something that is not a status.",
    "Check pm.status_path and pm.status_listen.",
    exit=ExitCode.OK,
)
FPM_NO_STATUS = _reason(
    "fpm.no-status",
    "PHP may not call fpm_get_status in this pool, and the pool has no status page: its workers and queue are not known.",
    "Take fpm_get_status out of disable_functions, or set pm.status_path.",
    exit=ExitCode.OK,
)
FPM_STATUS_UNASKED = _reason(
    "fpm.status-unasked",
    "The pool has no status page, and fpm_get_status was not called: in many versions of PHP it crashes the worker that calls it while "
    "another one starts or works, so it is called only while all others are seen to wait. Workers and queue of the pool are not known.",
    "Set pm.status_path.",
    exit=ExitCode.OK,
)
FPM_HUNG_UP = _reason(
    "fpm.hung-up",
    "The pool closed the connection during a request.",
    "Wait for the next look; if it stays, see PHP-FPM's log.",
)
FPM_REFUSED = _reason(
    "fpm.refused",
    "PHP-FPM refused the request, for example because it is overloaded.",
    "Wait for the next look; if it stays, see PHP-FPM's log.",
)
FPM_ERROR = _reason(
    "fpm.error",
    "The pool answered the probe with an error (an HTTP status of 400 or more, or nothing).",
    "Take the function that is named out of disable_functions. Else see PHP-FPM's log; auto_prepend_file or a security module may refuse "
    "the probe.",
)
FPM_OTHER_ANSWER = _reason(
    "fpm.other-answer",
    "Something else answers in the probe's place: auto_prepend_file (a maintenance page, a firewall) ends each request before it, or the "
    "probe's file was replaced.",
    "Let auto_prepend_file pass requests whose SCRIPT_NAME is /stalewatch, or ask another pool (--fpm-socket).",
)
FPM_PROTOCOL = _reason(
    "fpm.protocol",
    "The pool cannot be asked at this address: it is neither a path nor host:port, or the request cannot be encoded.",
    "Correct the socket (--fpm-socket, or app.socket in stalewatch.toml).",
)
FPM_OTHER_USER = _reason(
    "fpm.other-user",
    "The pool that answers runs as another user than its configuration says: it is another pool.",
    "Correct the socket (--fpm-socket, or app.socket in stalewatch.toml), or reload PHP-FPM if its configuration was changed.",
)
FPM_PROBE_HIDDEN = _reason(
    "fpm.probe-hidden",
    "The pool does not see the probe's file in any directory that was tried: chroot, open_basedir or PrivateTmp hides them.",
    "Make a directory that this login may write to and the pool may read: CHROOT/tmp for a pool in a chroot; /dev/shm or the "
    "application's storage below open_basedir; or set PrivateTmp=no in the unit of PHP-FPM.",
)
PROBE_NO_ROOM = _reason(
    "probe.no-room",
    "The probe's file cannot be written anywhere on the server: the file systems are read-only, full, or out of inodes. PHP may fail "
    "there too: sessions, uploads and compiled views need the same.",
    "Free space or inodes (df -h, df -i), or mount them read-write again. The message says which directory has which trouble.",
)
FPM_TEST_DENIED = _reason(
    "fpm.test-denied",
    "This login may not run php-fpm -t, so a changed configuration cannot be tested before a reload.",
    "Allow it in sudoers: LOGIN ALL=(root) NOPASSWD: /usr/sbin/php-fpm8.3 -t",
    exit=ExitCode.OK,
)
FPM_TEST_NEEDS_ROOT = _reason(
    "fpm.test-needs-root",
    "php-fpm -t ran without root and could not open error_log, so it says nothing about the configuration.",
    "Allow it in sudoers: LOGIN ALL=(root) NOPASSWD: /usr/sbin/php-fpm8.3 -t",
    exit=ExitCode.OK,
)
FPM_TEST_NOT_RUN = _reason(
    "fpm.test-not-run",
    "php-fpm -t could not be run: sudo refused it, or there is no such program.",
    "Allow it in sudoers: LOGIN ALL=(root) NOPASSWD: /usr/sbin/php-fpm8.3 -t",
    exit=ExitCode.OK,
)
FPM_TEST_OTHER_FILE = _reason(
    "fpm.test-other-file",
    "php-fpm -t tests another configuration file than the one that this master was started with.",
    "Test the right file by hand: php-fpm -t -y FILE",
    exit=ExitCode.OK,
)
FPM_TEST_UNCLEAR = _reason(
    "fpm.test-unclear",
    "What php-fpm -t printed is neither a success nor an error that stalewatch knows.",
    "Run php-fpm -t by hand.",
    exit=ExitCode.OK,
)

# ------------------------------------------------------------------------------------------------------------------- health_url

HEALTH_URL_NO_ANSWER = _reason(
    "health-url.no-answer",
    "Nothing answered at health_url in time: the port accepts no connection from the server itself, sshd does not forward to it, the "
    "connection was closed, or every PHP process is busy.",
    "On the server: curl -i URL. It must name the port that the web server listens on there.",
)
HEALTH_URL_TLS = _reason(
    "health-url.tls",
    "No TLS connection to health_url could be made, or its certificate is not valid for the name in the URL. It is verified by this "
    "machine's certificate authorities.",
    "Give the name that the certificate is for. Where it is signed by your own authority, name that in SSL_CERT_FILE, or use http:// to "
    "127.0.0.1: the answer is signed, and the way there is the SSH link.",
)
HEALTH_URL_STATUS = _reason(
    "health-url.status",
    "health_url answered another HTTP status than 200: the file is not there, the web server does not let it through, PHP failed, or the "
    "URL leads elsewhere. A redirect is not followed.",
    "See the message. 404: install the file that `stalewatch init --health-file` prints, and check the path. 500: see PHP's error log.",
)
HEALTH_URL_REFUSED = _reason(
    "health-url.refused",
    "The health file refused the request: its key is another one, or its clock and the server's are more than a minute apart, as where "
    "another machine answers.",
    "Install the file again that holds the key of stalewatch.toml, and reload the web server: OPcache may hold the old one.",
)
HEALTH_URL_OTHER_ANSWER = _reason(
    "health-url.other-answer",
    "What health_url answered is no answer of the health file to this request: a page, something cached or changed on the way, an answer "
    "signed with another key, or more than 16 MB. Without a key it is no JSON of a health check.",
    "On the server: curl -i URL must answer 404 and `stalewatch: not found`. Let no cache and no filter stand before it.",
)
HEALTH_URL_OTHER_HOST = _reason(
    "health-url.other-host",
    "Another machine answered at health_url than the server that is looked at, or another PHP-FPM pool than the one that serves the "
    "application. What it says is true of that one.",
    "Give a URL that only this server answers. 127.0.0.1 of the server is asked first, and the name in the URL only where nothing "
    "listens there.",
)
HEALTH_URL_ONE_PROCESS = _reason(
    "health-url.one-process",
    "The PHP that answered at health_url may be one of several processes that each have an OPcache of their own (CGI, mod_fcgid, some "
    "set-ups of LiteSpeed). What is stale there is stale; the others are not seen.",
    "Serve the application by PHP-FPM or mod_php, or reload the web server after each deploy.",
)
HEALTH_URL_LEAST = _reason(
    "health-url.least",
    "health_url answers the JSON of an application's own health check: a hit rate, a number of files, warnings. It names no script, so "
    "nothing can be compared with the disk.",
    "Install the file that `stalewatch init --health-file` prints, and name its key in stalewatch.toml.",
)
HEALTH_URL_KEY = _reason(
    "health-url.key",
    "The key of the health file can no longer be read on this machine.",
    "See the message: the file must be there, be a file, and be readable by you alone (chmod 600).",
)

# ---------------------------------------------------------------------------------------------------------------------- OPcache

OPCACHE_RESTRICTED = _reason(
    "opcache.restricted",
    "opcache.restrict_api does not let the probe ask OPcache.",
    "Set opcache.restrict_api to nothing, or to a path above the probe's directory.",
)
OPCACHE_FUNCTIONS_DISABLED = _reason(
    "opcache.functions-disabled",
    "disable_functions holds opcache_get_status in this pool, so OPcache cannot be asked.",
    "Take opcache_get_status, opcache_is_script_cached and opcache_invalidate out of disable_functions.",
)

# ------------------------------------------------------------------------------------------------------------------------ chain

CHAIN_POOL_UNPROVEN = _reason(
    "chain.pool-unproven",
    "Nothing shows that requests for this application reach the pool that was asked: none of its scripts is in that cache or on that "
    "status page, no earlier look saw one, and there are other pools.",
    "Request a page of the application once, or name its pool: socket under [[server.app]] in stalewatch.toml.",
)
CHAIN_TREE_HIDDEN = _reason(
    "chain.tree-hidden",
    "The pool that serves this application does not see its root where this login sees it: chroot, open_basedir, or a mount namespace of "
    "its own hides it; or one of the two could not look. So it is not known whether the code that it runs is the code that was compared.",
    "Find out where the pool sees the code, and give that path (--app).",
)
CHAIN_PHP_UNSEEN = _reason(
    "chain.php-unseen",
    "Whether PHP-FPM runs the binary and the extensions that are on the disk is not known: the pool could not say which files it runs, "
    "and the change time of the binary, or of the folder of extensions, is not older than FPM's start, or this login does not know where "
    "they are.",
    "Let the pool read /proc/self (open_basedir, disable_functions), or look as root.",
)
CHAIN_ENTRY_UNSEEN = _reason(
    "chain.entry-unseen",
    "It could not be seen to which file of which release the path that the web server passes leads, for PHP: a link on the way was "
    "switched while OPcache held code, or no link could be looked at.",
    "Take lstat out of disable_functions, let open_basedir hold what the application's links lead to, request a page, or reload PHP-FPM.",
)
CHAIN_BROKEN = _reason(
    "chain.broken",
    "A link between the request and the code is not as it has to be, so what was compared behind it proves nothing.",
    "See the finding that says what is wrong with the link, and correct that first.",
)
CHAIN_NOT_OBSERVED = _reason(
    "chain.not-observed",
    "A link between the request and the code could not be looked at.",
    "See the other errors of this server: they say why, and what to grant.",
)

# ---------------------------------------------------------------------------------------------------------------------- runbook

RUNBOOK_AUDIT = _reason(
    "runbook.audit",
    "The audit log on this machine cannot be written, so nothing was sent to the server.",
    "Make the file and its directory writable, or free some disk.",
    exit=ExitCode.FAILED,
)
RUNBOOK_BUSY = _reason(
    "runbook.busy",
    "Somebody else runs a runbook on this application or this PHP-FPM.",
    "Wait until it has ended. The message says who runs it and since when.",
    exit=ExitCode.FAILED,
)
RUNBOOK_LOCK = _reason(
    "runbook.lock",
    "The lock on the server could not be taken.",
    "Check that flock is installed on the server and that the login may read the application's root.",
    exit=ExitCode.FAILED,
)

LEFT_OUT = frozenset(
    reason.code
    for reason in (
        *(APP_LEFT_OUT, APP_NOT_ASKED, APP_LINKS_LEFT_OUT, APP_FILES_LEFT_OUT, APP_CRON_LEFT_OUT),
        *(WEB_LEFT_OUT, FPM_CONFIG_LEFT_OUT),
    )
)
"""With one of these a command does not exit with 0, whatever was compared."""
