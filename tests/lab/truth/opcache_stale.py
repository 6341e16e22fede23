"""Bytecode that is old, or may be."""

from __future__ import annotations

from stalewatch.model.report import Layer
from tests.lab import php
from tests.lab.truth import changes as do
from tests.lab.truth.state import Ask, stale, warm

BYTECODE = {Layer.OPCACHE: ("stale", "opcache.stale-bytecode")}
SUSPECT = {Layer.OPCACHE: ("suspect", "opcache.suspect-bytecode")}
PENDING = {Layer.OPCACHE: ("pending", "opcache.pending")}
RENAMED = {Layer.OPCACHE: ("suspect", "opcache.directory-renamed")}

_IN_USE = do.then(do.pause(2.1), do.get())
_EDITED = do.then(do.edit, _IN_USE)

_SECOND_POOL = "xadmin"
_TWO_DIRECTORIES = do.then(
    do.shell("cp -a app ../app.new; sed -i 's/home v1/home v2/' ../app.new/Http/Controllers/HomeController.php"),
    do.cache(),
    do.pause(1.1),
    do.VT0,
)
_SWAP = do.then(do.shell("mv app ../app.old; mv ../app.new app"), do.get())


def _second_pool(**opcache: object) -> do.Change:
    """A second pool of the same master, with an OPcache of other settings (one memory), that compiles everything first."""
    settings = {f"php_admin_value[opcache.{name}]": value for name, value in opcache.items()}
    return do.then(lambda host: host.pool(_SECOND_POOL, **settings), do.get(pool=_SECOND_POOL), warm)


_PRELOAD = do.then(
    do.shell(
        "echo \"<?php function lab_version() { return 'home v1'; }\" >app/preloaded.php;"
        "echo '<?php echo lab_version();' >public/version.php;"
        "echo '<?php opcache_compile_file(\"/srv/app/app/preloaded.php\");' >preload.php",
        user="deploy",
    ),
    do.pause(1.1),
    do.ini(opcache__preload="/srv/app/preload.php", opcache__preload_user="www-data"),
)
FILE_CACHE = do.then(
    do.shell("install -d -o www-data /run/lab-file-cache"),
    do.ini(opcache__file_cache="/run/lab-file-cache", opcache__validate_timestamps="0"),
)
FILE_CACHE_CHECKED = do.then(
    do.shell("install -d -o www-data /run/lab-file-cache"),
    do.ini(opcache__file_cache="/run/lab-file-cache"),
)
NO_FILE_CACHE = do.shell("rm -rf /run/lab-file-cache")

STATES = (
    stale(name="vt=0: edited, in use, one look", expect=SUSPECT, arrange=do.VT0, act=_EDITED),
    stale(name="vt=0: edited, in use, seen before", expect=BYTECODE, arrange=do.VT0, act=_EDITED, remembered=True),
    stale(name="vt=0: edited, not requested since", expect=BYTECODE, arrange=do.VT0, act=do.edit),
    stale(name="vt=0: older mtime (rsync -t), one look", expect=SUSPECT, arrange=do.VT0, act=do.then(do.rewrite(back=do.HOUR), do.get())),
    stale(
        name="vt=0: older mtime (rsync -t), seen before",
        expect=BYTECODE,
        arrange=do.VT0,
        act=do.then(do.rewrite(back=do.HOUR), do.get()),
        remembered=True,
    ),
    stale(name="vt=1, freq=600: edited", expect=PENDING, arrange=do.opcache(revalidate_freq=600), act=do.then(do.edit, do.get())),
    stale(
        name="vt=1, freq=600: older mtime (rsync -t)",
        expect=PENDING,
        arrange=do.opcache(revalidate_freq=600),
        act=do.then(do.rewrite(back=do.HOUR), do.get()),
    ),
    stale(name="vt=1: same mtime, other content, one look", expect=SUSPECT, act=do.then(do.rewrite(), _IN_USE)),
    stale(
        name="vt=1: same mtime, other content, seen before",
        expect={Layer.OPCACHE: ("stale", "opcache.same-mtime")},
        act=do.then(do.rewrite(), _IN_USE),
        remembered=True,
    ),
    stale(name="vt=0: directory renamed over, one look", expect=RENAMED, arrange=_TWO_DIRECTORIES, act=_SWAP),
    stale(name="vt=0: directory renamed over, seen before", expect=BYTECODE, arrange=_TWO_DIRECTORIES, act=_SWAP, remembered=True),
    stale(name="vt=1: compiled by a vt=0 pool (T=0), one look", expect=SUSPECT, arrange=_second_pool(validate_timestamps=0), act=_EDITED),
    stale(
        name="vt=1: compiled by a vt=0 pool (T=0), seen before",
        expect=BYTECODE,
        arrange=_second_pool(validate_timestamps=0),
        act=_EDITED,
        remembered=True,
    ),
    stale(
        name="vt=1, freq=2: compiled by a freq=600 pool",
        expect=BYTECODE if php.VERSION == "8.2" else PENDING,  # from 8.3 on PHP tells when it looks next
        arrange=_second_pool(revalidate_freq=600),
        act=do.then(do.edit, do.pause(4.1), do.get()),
    ),
    stale(
        name="vt=0: edited, all workers killed",
        expect=BYTECODE,
        arrange=do.VT0,
        act=do.then(do.edit, do.kill_workers, _IN_USE),
        remembered=True,
    ),
    stale(
        name="vt=0: edited, opcache_reset() by the CLI",
        expect=BYTECODE,
        arrange=do.VT0,
        act=do.then(do.edit, do.shell("php -d opcache.enable_cli=1 -r 'exit(opcache_reset() ? 0 : 1);'"), _IN_USE),
        remembered=True,
    ),
    stale(
        name="vt=0: a script in use is deleted",
        expect={Layer.OPCACHE: ("stale", "opcache.deleted-script")},
        arrange=do.VT0,
        act=lambda host: host.remove("bootstrap/app.php"),
        meanwhile=do.get(),
        remembered=True,
        ask=Ask(new="(error)"),
    ),
    stale(
        name="vt=0: a script in use is deleted, one look",
        expect={Layer.OPCACHE: ("stale", "opcache.deleted-script")},
        arrange=do.VT0,
        act=do.then(lambda host: host.remove("bootstrap/app.php"), do.pause(1.1), do.get()),
        ask=Ask(new="(error)"),
    ),
    stale(
        name="vt=0, enable_file_override=1: configuration cleared, one look",
        expect={Layer.OPCACHE: ("stale", "opcache.deleted-script"), Layer.CONFIG: ("absent",)},
        arrange=do.then(do.ini(opcache__validate_timestamps="0", opcache__enable_file_override="1"), do.get("/config")),
        act=do.then(do.AGENT, do.clear("config"), do.pause(1.1), do.get("/config")),
        ask=Ask(uri="/config", old="v1 agent-v1", new="v1 agent-v2"),
    ),
    stale(
        name="vt=0: configuration sources compiled between clear and rebuild are new, its cache is old",
        expect={Layer.OPCACHE: ("stale", "opcache.stale-config-cache")},
        arrange=do.then(do.VT0, do.get("/config")),
        act=do.then(do.AGENT, do.pause(3.1)),
        meanwhile=do.then(do.clear("config"), do.get("/config"), do.cache("config"), do.get("/config")),
        remembered=True,
        ask=Ask(uri="/config", old="v1 agent-v1", new="v1 agent-v2"),
    ),
    stale(
        name="preloaded script edited",
        expect={Layer.OPCACHE: ("stale", "opcache.preload-changed")},
        arrange=_PRELOAD,
        act=do.then(do.change_text("app/preloaded.php", "home v1", "home v2"), _IN_USE),
        ask=Ask(script="/srv/app/public/version.php"),
    ),
    stale(
        name="vt=0, file_cache: edited, then reload",
        expect={Layer.OPCACHE: ("stale", "opcache.stale-file-cache")},
        arrange=FILE_CACHE,
        act=do.then(do.edit, do.pause(2.5), lambda host: host.reload(), do.get()),
        undo=NO_FILE_CACHE,
    ),
    stale(
        name="vt=0, file_cache: the same, then wiped without a reload",
        expect={Layer.OPCACHE: ("suspect", "opcache.file-cache")},
        arrange=FILE_CACHE,
        act=do.then(
            do.edit, do.pause(2.5), lambda host: host.reload(), do.get(), do.shell("find /run/lab-file-cache -name '*.bin' -delete")
        ),
        undo=NO_FILE_CACHE,
    ),
    stale(
        name="vt=1, file_cache: same mtime, other content, then reload",
        expect={Layer.OPCACHE: ("suspect", "opcache.file-cache")},
        arrange=FILE_CACHE_CHECKED,
        act=do.then(do.rewrite(), do.pause(2.5), lambda host: host.reload(), do.get()),
        undo=NO_FILE_CACHE,
    ),
    stale(
        name="vt=1, file_cache_only: same mtime, other content",
        expect={Layer.OPCACHE: ("unknown", "opcache.not-compared")},
        arrange=do.then(
            do.shell("install -d -o www-data /run/lab-file-cache"),
            do.ini(opcache__file_cache="/run/lab-file-cache", opcache__file_cache_only="1"),
        ),
        act=do.then(do.rewrite(), do.pause(2.5), do.get()),
        undo=NO_FILE_CACHE,
    ),
)
