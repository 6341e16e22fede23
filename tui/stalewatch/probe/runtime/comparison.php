<?php
// Appended to facts.php: what the cache holds against the disk, and the links that code is reached through.

namespace Stalewatch;

const SET_BACK = 3; // seconds: time synchronisation steps by less
const MAX_NOTED = 200;
const MAX_BESIDE = 1000;
const MAX_HOPS = 40; // as many links as Linux follows
const HZ = 100; // of what /proc tells to programs, on every machine that PHP is built for

/** The scripts of the cache against the disk. Stats every script and every directory above one, once. */
final class Comparison
{
    /** @var int since when the cache holds what it holds */
    private $since;
    /** @var bool */
    private $validates;
    /** @var array<string, int> directory => ctime of the newest directory at or above it that was renamed over, 0: none */
    private $parents = [];
    /** @var array<string, int> directories that were renamed over => ctime */
    private $moved = [];
    /** @var list<string> directories above scripts in which something was made, renamed or removed since */
    private $written = [];
    /** @var int seconds that a file is too young to be kept */
    private $protected;
    /** @var string|null folder of the file cache in which each script's bytecode is kept; '': cannot be seen; null: none */
    private $kept = null;
    /** @var float|null no digest is taken after this moment; null: none at all */
    private $digestUntil;

    public function __construct(array $facts, bool $digest, array $noted = [])
    {
        $this->since = begun($facts, $noted);
        $this->validates = $facts['validate_timestamps'];
        $this->protected = $facts['file_update_protection'];
        if ($facts['file_cache'] !== '') {
            // One folder per build of PHP, of 32 digits: with several, which one is this PHP's cannot be told. Others are somebody else's.
            $folders = (function_exists('glob') ? glob($facts['file_cache'] . '/' . str_repeat('[0-9a-f]', 32), GLOB_ONLYDIR) : false) ?: [];
            $this->kept = count($folders) === 1 ? $folders[0] : '';
        }
        $this->digestUntil = $digest && function_exists('md5_file') ? microtime(true) + DIGEST_SECONDS : null;
    }

    public function seesFileCache(): bool
    {
        return $this->kept !== null && $this->kept !== '';
    }

    /** @return array{0: bool, 1: array|null} whether it is not plainly fresh, and its row if so or if $keep */
    public function look(string $path, array $script, bool $keep): array
    {
        $stat = @stat($path);
        $parent = $this->parent(dirname($path));
        $timestamp = $script['timestamp'] ?? null;
        $kept = $this->seesFileCache() ? @stat($this->kept . $path . '.bin') : false;
        $suspicious = $this->suspicious($stat, $timestamp, $parent) || ($this->seesFileCache() && $this->older($kept, $stat));
        if (!$suspicious && !$keep) {
            return [false, null];
        }
        $cached = !$suspicious || !function_exists('opcache_is_script_cached') || opcache_is_script_cached($path);
        $ours = $suspicious || (strpos($path, '/vendor/') === false && strpos($path, '/usr/share/') !== 0); // deploys change these
        return [$suspicious, [
            $path, $timestamp, (int) ($script['last_used_timestamp'] ?? 0), (int) ($script['hits'] ?? 0),
            (int) ($script['memory_consumption'] ?? 0), $script['revalidate'] ?? null,
            $stat === false ? null : $stat['mtime'], $stat === false ? $this->lastSeen($path) : $stat['ctime'],
            $stat === false ? 0 : $stat['size'], $stat === false ? 0 : $stat['ino'], $cached,
            $stat !== false && $ours ? $this->digest($path, $stat) : '', $parent ?: null,
            $kept === false ? null : $kept['mtime'], $stat === false ? null : $stat['dev'],
        ]];
    }

    /** The latest moment at which a file that is gone can have been there: ctime of the nearest directory above it that is left. */
    private function lastSeen(string $path): ?int
    {
        for ($directory = dirname($path); $directory !== dirname($directory); $directory = dirname($directory)) {
            $stat = @stat($directory);
            if ($stat !== false) {
                return $stat['ctime'];
            }
        }
        return null;
    }

    /** @param array|false $stat */
    private function suspicious($stat, ?int $timestamp, int $parent): bool
    {
        if ($stat === false || $parent > 0) {
            return true;
        }
        if (!$this->validates || !$timestamp) {
            return $timestamp === 0 || $stat['mtime'] >= $this->since || $stat['ctime'] >= $this->since;
        }
        return $stat['mtime'] !== $timestamp || ($stat['ctime'] >= $this->since && abs($stat['ctime'] - $stat['mtime']) > 1);
    }

    /** @param array|false $kept */
    private function older($kept, array $stat): bool
    {
        if ($this->validates) { // PHP compares the mtime, so only what changed without a new one can be loaded from an old file
            return $kept !== false && $stat['ctime'] >= $kept['mtime'] && $stat['ctime'] > $stat['mtime'] + 1;
        }
        return $kept === false || $stat['mtime'] + $this->protected >= $kept['mtime'] || $stat['ctime'] >= $kept['mtime'];
    }

    private function parent(string $directory): int
    {
        if (isset($this->parents[$directory])) {
            return $this->parents[$directory];
        }
        $above = dirname($directory);
        $newest = $above === $directory || $above === '.' ? 0 : $this->parent($above);
        $stat = @stat($directory);
        if ($stat !== false && $stat['ctime'] > $stat['mtime'] && $stat['ctime'] >= $this->since) {
            $newest = max($newest, $stat['ctime']);
            $this->moved[$directory] = $stat['ctime'];
        }
        if ($stat !== false && $stat['mtime'] >= $this->since && count($this->written) < MAX_MOVED) {
            $this->written[] = $directory;
        }
        return $this->parents[$directory] = $newest;
    }

    /**
     * @param list<array{0: string, 1: string, 2: bool}> $links those that are asked for
     * @return list<array{0: string, 1: string, 2: bool}> links beside code that is of no application, made since
     */
    public function linksBeside(array $links): array
    {
        $found = [];
        $known = array_map(function (array $link): string {
            return "$link[0]/$link[1]";
        }, $links);
        $roots = array_unique(array_column($links, 0));
        foreach ($this->written as $directory) {
            $within = array_filter($roots, function (string $root) use ($directory): bool {
                return strpos("$directory/", "$root/") === 0;
            });
            $names = $within === [] && function_exists('scandir') ? (@scandir($directory) ?: []) : [];
            foreach (count($names) <= MAX_BESIDE ? $names : [] as $name) {
                $path = rtrim($directory, '/') . "/$name";
                $stat = $name === '.' || $name === '..' || in_array($path, $known, true) ? false : @lstat($path);
                if ($stat !== false && ($stat['mode'] & 0170000) === 0120000 && $stat['ctime'] >= $this->since) {
                    $found[] = [rtrim($directory, '/'), $name, true];
                }
            }
        }
        return array_slice($found, 0, MAX_NOTED);
    }

    /** @return list<array{0: string, 1: int}> directories that were renamed over, and their ctime; the topmost first */
    public function moved(): array
    {
        $paths = array_map('strval', array_keys($this->moved));
        usort($paths, function (string $one, string $other): int {
            return strlen($one) <=> strlen($other);
        });
        return array_map(function (string $path): array {
            return [$path, $this->moved[$path]];
        }, array_slice($paths, 0, MAX_MOVED));
    }

    private function digest(string $path, array $stat): string
    {
        if ($this->digestUntil === null || !digestible($stat) || microtime(true) > $this->digestUntil) {
            return '';
        }
        return (string) @md5_file($path);
    }
}

/**
 * Since when the cache holds what it holds, as PHP wrote it down; or since its master is there, where the clock was set back after that: what
 * the kernel tells of processes moves with the clock. A worker came after the cache began, and when FPM says.
 *
 * @param list<array{0: int, 1: int}> $noted pids of the pool's workers, and when each was started, by FPM
 */
function begun(array $facts, array $noted = []): int
{
    static $known = null; // once per request: each worker is a file to read
    if ($known !== null) {
        return $known;
    }
    $since = $known = max($facts['start_time'], $facts['last_restart_time']);
    $up = (float) @file_get_contents('/proc/uptime');
    [$parent, $own] = process_start('self', $up);
    if ($own === null || $parent < 2) {
        return $since;
    }
    $oldest = $own;
    $back = $since > microtime(true) + SET_BACK || $own + SET_BACK < $facts['start_time'];
    foreach (array_slice($noted, 0, MAX_NOTED) as [$pid, $at]) {
        $started = process_start((string) (int) $pid, $up)[1];
        if ($started !== null) {
            $back = $back || $started + SET_BACK < max($at, $facts['start_time']);
            $oldest = min($oldest, $started);
        }
    }
    return $known = $back ? (int) min($since, $oldest, process_start((string) $parent, $up)[1] ?? 0) : $since;
}

/** @return list<array{0: int, 1: int}> the same from what fpm_get_status() returns */
function noted(?array $status): array
{
    return array_map(function (array $worker): array {
        return [(int) ($worker['pid'] ?? 0), (int) ($worker['start-time'] ?? 0)];
    }, array_values($status['procs'] ?? []));
}

/** @return array{0: int, 1: float|null} parent of a process, and when it was started by the clock of today; null: not told */
function process_start(string $pid, float $up): array
{
    $fields = explode(' ', ltrim((string) strrchr((string) @file_get_contents("/proc/$pid/stat"), ')'), ') '));
    return $up > 0 && count($fields) > 19 ? [(int) $fields[1], microtime(true) - $up + (int) $fields[19] / HZ] : [0, null];
}

/** Whether it is a file of a size that may be read: a pipe in its place would keep a worker waiting. */
function digestible(array $stat): bool
{
    return ($stat['mode'] & 0170000) === 0100000 && $stat['size'] <= MAX_DIGEST_SIZE;
}

/** @param array<string, array> $scripts */
function compare(array $scripts, array $facts, array $options, bool $all, array $preloaded): array
{
    clearstatcache(); // never the realpath cache: it is what requests are answered by, and a look changes nothing
    $comparison = new Comparison($facts, (bool) ($options['digest'] ?? false), (array) ($options['noted'] ?? []));
    $limit = max(1, (int) ($options['limit'] ?? 2000));
    $changed = $entries = $rows = [];
    $total = $entered = 0;
    foreach ($scripts as $path => $script) {
        $path = (string) ($script['full_path'] ?? $path);
        $isEntry = basename($path) === 'index.php';
        [$suspicious, $row] = $comparison->look($path, $script, $all || $isEntry);
        if ($isEntry && ++$entered <= MAX_ENTRIES) {
            $entries[] = $row;
        }
        if ($all) {
            $rows[] = $row;
        }
        if ($suspicious && ++$total <= $limit) {
            $changed[] = $row;
        }
    }
    [$links, $through] = isset($options['links']) ? linked($scripts, $facts, $comparison, (array) $options['links'], $limit) : [null, null];
    $result = ['compare' => [
        'links' => $links, 'through' => $through, 'total' => count($scripts), 'changed_total' => $total, 'truncated' => $total > $limit || $entered > MAX_ENTRIES, 'changed' => $changed, 'entry_points' => $entries,
        'file_cache_seen' => $comparison->seesFileCache(), 'moved' => $comparison->moved(),
        'preloaded' => $preloaded,
    ]];
    return $all ? $result + ['scripts' => $rows, 'scripts_truncated' => false] : $result;
}

/** @return array{0: string, 1: int}|null where $path leads, and the newest ctime of a link on the way; null: that cannot be seen */
function led(string $path): ?array
{
    [$way, $newest] = [way($path), 0];
    foreach ($way as [, $stat, $target, $last]) {
        // open_basedir hides what lies above the directories that it allows: those are no links of the application.
        if ($target === '' || ($stat === false && $last)) {
            return null;
        }
        $newest = $target !== null ? max($newest, $stat['ctime']) : $newest;
    }
    return [$way->getReturn(), $newest];
}

/**
 * The way that $path leads, by name only: PHP's own realpath() answers from the realpath cache, and fills it.
 *
 * @return \Generator of each name: the folder that it is in, what lies there (false: nothing is seen), what it leads to where it is a link
 *     ('': that cannot be seen, or it is one of too many; null: it is none), and whether it is the last. Returns where all of it leads.
 */
function way(string $path): \Generator
{
    [$rest, $at, $hops] = [explode('/', $path), '', 0];
    while ($rest !== []) {
        $name = array_shift($rest);
        if ($name === '' || $name === '.') {
            continue;
        }
        if ($name === '..') {
            $at = substr($at, 0, (int) strrpos($at, '/'));
            continue;
        }
        $stat = @lstat("$at/$name");
        if ($stat === false || ($stat['mode'] & 0170000) !== 0120000) {
            yield [$at, $stat, null, $rest === []];
            $at .= "/$name";
            continue;
        }
        $target = ++$hops > MAX_HOPS ? '' : target("$at/$name");
        yield [$at, $stat, $target, $rest === []];
        if ($target === '') {
            break;
        }
        $at = $target[0] === '/' ? '' : $at;
        $rest = array_merge(explode('/', $target), $rest);
    }
    return $at;
}

/** What a link holds; '': that cannot be seen. */
function target(string $link): string
{
    if (function_exists('readlink')) {
        return (string) @readlink($link);
    }
    try {
        return (string) (new \SplFileInfo($link))->getLinkTarget(); // disable_functions often holds readlink
    } catch (\RuntimeException $error) {
        return '';
    }
}

/**
 * @param list<array{0: string, 1: string, 2: bool}> $links root of an application, the link's path below it, whether scripts are looked for
 * @return array{0: list<array>|null, 1: list<array>|null} every link with its target and the newest ctime on the way, null: they cannot be
 * seen; what was compiled through those that were switched since, see links.php
 */
function linked(array $scripts, array $facts, Comparison $comparison, array $links, int $limit): array
{
    if (!function_exists('lstat')) {
        return [null, null];
    }
    $seen = $switched = $paths = [];
    if (count($links) > MAX_LINKS) {
        return [null, null];
    }
    foreach (array_merge($links, $comparison->linksBeside($links)) as [$root, $name, $compiled]) {
        $led = led("$root/$name");
        $folder = $led !== null && $led[1] === 0 && $led[0] === "$root/$name"; // it was a link at an earlier look
        if ($folder) {
            $stat = @lstat($led[0]);
            if ($stat === false) {
                continue;
            }
            $led[1] = $stat['ctime'];
        }
        if ($led !== null) {
            $seen[] = ["$root/$name", $led[0], $led[1]];
            if ($compiled && $led[1] >= max($facts['start_time'], $facts['last_restart_time'])) {
                $switched[] = [(string) $root, (string) $name, $led[0], $folder];
            }
        }
    }
    if ($switched === []) {
        return [$seen, []];
    }
    load('links.php');
    foreach ($scripts as $path => $script) {
        $paths[(string) ($script['full_path'] ?? $path)] = $script;
    }
    return [$seen, (new ThroughLinks($paths, $facts, $comparison))->look($switched, $limit)];
}

/** @return list<string>|null binary and extensions that this process runs and that the disk holds no more; null: cannot be seen */
function replaced(int $started): ?array
{
    $mark = ' (deleted)';
    $binary = function_exists('readlink') ? @readlink('/proc/self/exe') : false;
    $folder = realpath((string) ini_get('extension_dir'));
    $stat = $folder === false ? false : @stat($folder);
    // The list of what is mapped is dear. No extension has gone from a folder that nothing has changed in since PHP loaded them.
    $unchanged = $stat !== false && $stat['ctime'] + LOADING_SECONDS < $started;
    $maps = $unchanged ? '' : @file_get_contents('/proc/self/maps');
    if ($binary === false || $maps === false) {
        return null;
    }
    $found = [];
    $path = substr($binary, 0, -strlen($mark));
    if ($path . $mark === $binary) {
        $found[] = $path;
    }
    $folder .= '/';
    foreach (explode("\n", strpos($maps, $mark) === false ? '' : $maps) as $line) {
        $path = substr((string) strstr($line, '/'), 0, -strlen($mark));
        if (substr($line, -strlen($mark)) === $mark && strpos($path, $folder) === 0 && !in_array($path, $found, true)) {
            $found[] = $path;
        }
    }
    return array_slice($found, 0, 50);
}

/** @return list<array{0: string, 1: int|null, 2: int|null}> path, mtime, ctime of ini files that PHP read and that are gone since or changed, and of new ones beside them; a link counts too */
function ini_files(int $started): array
{
    $scanned = array_filter(array_map('trim', explode(',', (string) php_ini_scanned_files())));
    $read = array_filter(array_merge([(string) php_ini_loaded_file()], $scanned));
    $beside = []; // in the folders that PHP reads every ini file of
    foreach (function_exists('glob') ? array_unique(array_map('dirname', $scanned)) : [] as $folder) {
        $beside = array_merge($beside, glob("$folder/*.ini") ?: []);
    }
    $found = [];
    foreach (array_unique(array_merge($read, $beside)) as $path) {
        [$stat, $link] = [@stat($path), @lstat($path)];
        if ($stat !== false && $link !== false) {
            $times = [max($stat['mtime'], $link['mtime']), max($stat['ctime'], $link['ctime'])];
            max($times) >= $started && $found[] = [$path, $times[0], $times[1]];
        } elseif (in_array($path, $read, true) && (string) ini_get('open_basedir') === '' && @is_executable(dirname($path))) {
            $found[] = [$path, null, null];
        }
    }
    return $found;
}

/**
 * @param list<string> $scripts
 * @return list<string> the directories that they are in, cut at six names: which releases they belong to, in a few bytes
 */
function folders(array $scripts): array
{
    $found = [];
    foreach ($scripts as $script) {
        $found[implode('/', array_slice(explode('/', dirname((string) $script)), 0, 7))] = true;
    }
    return array_map('strval', array_keys($found));
}
