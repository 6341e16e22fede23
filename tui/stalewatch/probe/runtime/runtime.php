<?php
// stalewatch runtime probe. Runs inside an FPM pool, answers one JSON object, changes nothing but by the verb invalidate.
// PHP 7.4 to 8.5. Any function may be disabled: ask before calling. Wire format: the docstring of tui/stalewatch/probe/runtime/__init__.py.

namespace Stalewatch;

const MAX_DIGEST_SIZE = 1048576;
const DIGEST_SECONDS = 0.05;
const MAX_MOVED = 100;

final class Warnings
{
    /** @var list<string> */
    public static $seen = [];

    public static function catch(int $level, string $message): bool
    {
        if (count(self::$seen) < 20) {
            self::$seen[] = substr($message, 0, 500);
        }
        return true;
    }
}

function parameter(string $name): string
{
    if (isset($_SERVER[$name])) {
        return (string) $_SERVER[$name];
    }
    return function_exists('getenv') ? (string) getenv($name) : '';
}

/** @return array{0: int, 1: string} uid and name of the user that this worker runs as */
function worker_user(): array
{
    $uid = function_exists('posix_geteuid') ? posix_geteuid() : -1;
    if ($uid < 0) {
        $stat = @stat('/proc/self');
        $uid = $stat === false ? -1 : $stat['uid'];
    }
    $entry = function_exists('posix_getpwuid') && $uid >= 0 ? posix_getpwuid($uid) : false;
    return [$uid, $entry === false ? '' : $entry['name']];
}

/** Why OPcache cannot be asked: '' when it can. */
function opcache_error(): string
{
    if (!extension_loaded('Zend OPcache')) {
        return 'missing';
    }
    if (!function_exists('opcache_get_status')) {
        return 'disable_functions';
    }
    return '';
}

/** A setting as this request has it: what OPcache itself says, else the ini text, which may be "On". */
function setting(string $name, int $default): int
{
    static $directives = null;
    if ($directives === null) {
        $configuration = function_exists('opcache_get_configuration') ? opcache_get_configuration() : false;
        $directives = is_array($configuration) ? $configuration['directives'] : [];
    }
    $value = $directives["opcache.$name"] ?? ini_get("opcache.$name");
    if (is_string($value) && in_array(strtolower($value), ['on', 'yes', 'true'], true)) {
        return 1;
    }
    return $value === false && !isset($directives["opcache.$name"]) || $value === '' ? $default : (int) $value;
}

function restricted(): bool
{
    foreach (Warnings::$seen as $warning) {
        if (strpos($warning, 'restrict_api') !== false) {
            return true;
        }
    }
    return false;
}

/** @param array<string, mixed>|false $status */
function opcache_facts($status, string $error): array
{
    $memory = $status['memory_usage'] ?? [];
    $statistics = $status['opcache_statistics'] ?? [];
    $facts = ['error' => $error, 'enabled' => (bool) ($status['opcache_enabled'] ?? false)];
    foreach (['restart_pending', 'restart_in_progress', 'cache_full'] as $name) {
        $facts[$name] = (bool) ($status[$name] ?? false);
    }
    foreach (['start_time', 'last_restart_time', 'hits', 'misses', 'manual_restarts', 'oom_restarts', 'hash_restarts'] as $name) {
        $facts[$name] = (int) ($statistics[$name] ?? 0);
    }
    $facts['cached_scripts'] = (int) ($statistics['num_cached_scripts'] ?? 0);
    $facts['cached_keys'] = (int) ($statistics['num_cached_keys'] ?? 0);
    $facts['max_cached_keys'] = (int) ($statistics['max_cached_keys'] ?? 0);
    foreach (['used_memory', 'free_memory', 'wasted_memory'] as $name) {
        $facts[$name] = (int) ($memory[$name] ?? 0);
    }
    foreach (['validate_timestamps' => 1, 'revalidate_path' => 0, 'file_cache_only' => 0, 'enable_file_override' => 0] as $name => $default) {
        $facts[$name] = (bool) setting($name, $default);
    }
    foreach (['revalidate_freq' => 2, 'file_update_protection' => 2, 'force_restart_timeout' => 180] as $name => $default) {
        $facts[$name] = setting($name, $default);
    }
    $facts['file_cache'] = (string) ini_get('opcache.file_cache');
    $facts['preload'] = (string) ini_get('opcache.preload');
    return $facts;
}

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
    /** @var int seconds that a file is too young to be kept */
    private $protected;
    /** @var string|null folder of the file cache in which each script's bytecode is kept; '': cannot be seen; null: none, or it is checked */
    private $kept = null;
    /** @var float|null no digest is taken after this moment; null: none at all */
    private $digestUntil;

    public function __construct(array $facts, bool $digest)
    {
        $this->since = max($facts['start_time'], $facts['last_restart_time']);
        $this->validates = $facts['validate_timestamps'];
        $this->protected = $facts['file_update_protection'];
        if (!$this->validates && $facts['file_cache'] !== '') {
            // One folder per build of PHP: with several, which one is this PHP's cannot be told.
            $folders = (function_exists('glob') ? glob($facts['file_cache'] . '/*', GLOB_ONLYDIR) : false) ?: [];
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
        $suspicious = $this->suspicious($stat, $timestamp, $parent)
            || ($this->seesFileCache() && ($kept === false || $stat['mtime'] + $this->protected >= $kept['mtime'] || $stat['ctime'] >= $kept['mtime']));
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
            $stat !== false && $ours ? $this->digest($path, $stat['size']) : '', $parent ?: null,
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
        return $this->parents[$directory] = $newest;
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

    private function digest(string $path, int $size): string
    {
        if ($this->digestUntil === null || $size > MAX_DIGEST_SIZE || microtime(true) > $this->digestUntil) {
            return '';
        }
        return (string) @md5_file($path);
    }
}

/** @param array<string, array> $scripts */
function compare(array $scripts, array $facts, array $options, bool $all, array $preloaded): array
{
    clearstatcache(); // never the realpath cache: it is what requests are answered by, and a look changes nothing
    $comparison = new Comparison($facts, (bool) ($options['digest'] ?? false));
    $limit = max(1, (int) ($options['limit'] ?? 2000));
    $changed = $entries = $rows = [];
    $total = 0;
    foreach ($scripts as $path => $script) {
        $path = (string) ($script['full_path'] ?? $path);
        $isEntry = basename($path) === 'index.php';
        [$suspicious, $row] = $comparison->look($path, $script, $all || $isEntry);
        if ($isEntry && count($entries) < 100) {
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
        'links' => $links, 'through' => $through, 'total' => count($scripts), 'changed_total' => $total, 'truncated' => $total > $limit, 'changed' => $changed, 'entry_points' => $entries,
        'file_cache_seen' => $comparison->seesFileCache(), 'moved' => $comparison->moved(),
        'preloaded' => $preloaded,
    ]];
    return $all ? $result + ['scripts' => $rows, 'scripts_truncated' => false] : $result;
}

/** @return array{0: list<array>, 1: list<array>|null} see links.php */
function linked(array $scripts, array $facts, Comparison $comparison, array $links, int $limit): array
{
    $paths = [];
    foreach ($scripts as $path => $script) {
        $paths[(string) ($script['full_path'] ?? $path)] = $script;
    }
    return (new ThroughLinks($paths, $facts, $comparison))->look($links, max($facts['start_time'], $facts['last_restart_time']), $limit);
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
    return array_slice(array_map('strval', array_keys($found)), 0, 100);
}

/** @return array{digests: list<array{string, int, int, int, int, string}>} path, device, inode, mtime, ctime and digest, until time is over */
function digests(array $paths): array
{
    $until = microtime(true) + DIGEST_SECONDS;
    $found = [];
    foreach ($paths as $path) {
        $stat = microtime(true) < $until && function_exists('md5_file') ? @stat((string) $path) : false;
        if ($stat !== false && $stat['size'] <= MAX_DIGEST_SIZE) {
            $found[] = [(string) $path, $stat['dev'], $stat['ino'], $stat['mtime'], $stat['ctime'], (string) @md5_file((string) $path)];
        }
    }
    return ['digests' => $found];
}

/** @return list<array{string, int, int, int, int, int}> those of $paths that this pool sees: path, device, inode, mtime, ctime, size */
function places(array $paths): array
{
    clearstatcache();
    $found = [];
    foreach (array_slice($paths, 0, 5000) as $path) {
        $stat = @stat((string) $path);
        if ($stat !== false) {
            $found[] = [(string) $path, $stat['dev'], $stat['ino'], $stat['mtime'], $stat['ctime'], $stat['size']];
        }
    }
    return $found;
}

function invalidate(array $paths): array
{
    $results = [];
    foreach (array_slice($paths, 0, 5000) as $path) {
        $done = function_exists('opcache_invalidate') && opcache_invalidate((string) $path, true);
        $cached = function_exists('opcache_is_script_cached') ? opcache_is_script_cached((string) $path) : null;
        $results[] = [(string) $path, $done, $cached];
    }
    return ['results' => $results];
}

/** What APCu holds under these keys: [key, whether it holds it, a text or null]; null where there is no APCu. */
function apcu(array $keys): array
{
    if (!function_exists('apcu_fetch') || !function_exists('apcu_enabled') || !apcu_enabled()) {
        return ['apcu' => null];
    }
    $found = [];
    foreach (array_slice($keys, 0, 500) as $key) {
        $value = apcu_fetch((string) $key, $held);
        $found[] = [(string) $key, (bool) $held, is_string($value) ? $value : null];
    }
    return ['apcu' => $found];
}

function answer(string $verb, array $options): array
{
    $error = opcache_error();
    $listing = $verb === 'compare' || $verb === 'scripts';
    $acted = [];
    if ($error === '' && $verb === 'invalidate') {
        $acted = invalidate((array) ($options['paths'] ?? []));
    }
    if ($error === '' && $verb === 'digests') {
        clearstatcache();
        $acted = digests((array) ($options['paths'] ?? []));
    }
    if ($verb === 'apcu') {
        $acted = apcu((array) ($options['keys'] ?? []));
    }
    $status = $error === '' ? opcache_get_status($listing) : false;
    if ($error === '' && $status === false) {
        $error = restricted() ? 'restricted' : 'disabled';
    }
    $facts = opcache_facts($status, $error);
    $answer = ['opcache' => $facts, 'status' => function_exists('fpm_get_status') ? (fpm_get_status() ?: null) : null] + $acted;
    if (isset($options['places'])) {
        $answer['places'] = places((array) $options['places']);
    }
    if (isset($options['configuration'])) {
        $answer += configuration((array) $options['configuration']);
    }
    return $listing ? $answer + ['replaced' => replaced()] + compare($status['scripts'] ?? [], $facts, $options, $verb === 'scripts', folders($status['preload_statistics']['scripts'] ?? [])) : $answer;
}

function main(): void
{
    $begun = microtime(true);
    while (ob_get_level() > 0) {
        ob_end_clean();
    }
    set_error_handler([Warnings::class, 'catch']);
    if (function_exists('ini_set')) {
        ini_set('memory_limit', '512M');
        ini_set('display_errors', '0');
    }
    $verb = parameter('STALEWATCH');
    $options = json_decode((string) file_get_contents('php://input'), true);
    [$uid, $user] = worker_user();
    $answer = ['stalewatch' => 1, 'verb' => $verb, 'sapi' => PHP_SAPI, 'php' => PHP_VERSION, 'now' => $begun, 'uid' => $uid, 'user' => $user]
        + ['realpath_cache_ttl' => (int) ini_get('realpath_cache_ttl')]
        + ['user_ini_ttl' => (string) ini_get('user_ini.filename') === '' ? null : (int) ini_get('user_ini.cache_ttl')]
        + answer($verb, is_array($options) ? $options : []);
    $answer += ['ms' => round((microtime(true) - $begun) * 1000, 2)];
    $text = (string) json_encode($answer, JSON_UNESCAPED_SLASHES | JSON_INVALID_UTF8_SUBSTITUTE | JSON_PARTIAL_OUTPUT_ON_ERROR);
    header('Content-Type: application/json');
    if (strlen($text) > 4096 && function_exists('gzdeflate') && !headers_sent()) {
        header('X-Stalewatch: deflate');
        $text = gzdeflate($text, 4);
    } else {
        $text .= "\n"; // what others print after it is another line
    }
    echo $text;
}

if (PHP_SAPI === 'fpm-fcgi' || PHP_SAPI === 'cgi-fcgi') {
    main();
    exit;
}
