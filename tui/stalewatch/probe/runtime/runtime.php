<?php
// stalewatch runtime probe. Runs inside an FPM pool, answers one JSON object, changes nothing but by the verbs invalidate, compile, keep, settle, exchange, drop and tidy.
// PHP 7.4 to 8.5. Any function may be disabled: ask before calling. Wire format: the docstring of tui/stalewatch/probe/runtime/__init__.py.

namespace Stalewatch;

const MAX_DIGEST_SIZE = 1048576;
const DIGEST_SECONDS = 0.05;
const MAX_MOVED = 100;
const MAX_ENTRIES = 5000;
const MAX_LINKS = 20000;
const MAX_CACHED = 8388608;
const LOADING_SECONDS = 10;

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

/** What few requests need lies beside this file, because PHP compiles all of it at each request; OPcache counts a miss for each file. */
final class Parts
{
    /** @var int */
    public static $loaded = 0;
}

function load(string $part): void
{
    Parts::$loaded++;
    require_once __DIR__ . "/$part";
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

/** @return array<string, string>|null the environment of this worker, without what the web server passes; null: it may not be read */
function variables(): ?array
{
    if (!function_exists('getenv')) {
        return null;
    }
    $found = [];
    foreach (array_keys(getenv()) as $name) {
        if (is_string($value = getenv((string) $name, true))) {
            $found[(string) $name] = $value;
        }
    }
    return $found;
}

function answer(string $verb, array $options): array
{
    $error = opcache_error();
    $listing = $verb === 'compare' || $verb === 'scripts';
    $acted = [];
    if ($error === '' && $verb === 'invalidate') {
        load('verbs.php');
        $acted = invalidate((array) ($options['paths'] ?? []));
    }
    if ($error === '' && $verb === 'compile') {
        load('verbs.php');
        $acted = compile((array) ($options['paths'] ?? []));
    }
    if ($error === '' && $verb === 'digests') {
        load('verbs.php');
        $acted = digests((array) ($options['paths'] ?? []));
    }
    if ($verb === 'apcu') {
        load('verbs.php');
        $acted = apcu((array) ($options['keys'] ?? []));
    }
    if ($verb === 'writable') {
        load('verbs.php');
        $acted = writable((array) ($options['files'] ?? []));
    }
    if ($verb === 'keep' || $verb === 'settle' || $verb === 'exchange' || $verb === 'drop' || $verb === 'tidy') {
        load('artefacts.php');
        $acted = artefacts($verb, $options);
    }
    if ($verb === 'remake') {
        load('remade.php');
        $acted = remade($options);
    }
    $status = $error === '' ? opcache_get_status($listing || !empty($options['changed'])) : false;
    if ($error === '' && $status === false) {
        $error = restricted() ? 'restricted' : 'disabled';
    }
    $facts = opcache_facts($status, $error);
    $answer = ['opcache' => $facts, 'status' => function_exists('fpm_get_status') ? (fpm_get_status() ?: null) : null] + $acted;
    if ($verb === 'parse') {
        load('parse.php');
        $answer += parsed($options, $status['scripts'] ?? [], $facts);
    }
    if (isset($options['places'])) {
        $answer['places'] = places((array) $options['places']);
    }
    if (isset($options['configuration'])) {
        load('configuration.php');
        $answer += configuration((array) $options['configuration']);
    }
    if ($verb === 'scripts' && ($variables = variables()) !== null) {
        $answer['variables'] = array_keys($variables);
    }
    return $listing ? $answer + ['replaced' => replaced($facts['start_time']), 'extension_dir' => (string) ini_get('extension_dir'), 'ini' => ini_files($facts['start_time'])] + compare($status['scripts'] ?? [], $facts, $options, $verb === 'scripts', folders($status['preload_statistics']['scripts'] ?? [])) : $answer;
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
    $answer += ['loaded' => Parts::$loaded, 'ms' => round((microtime(true) - $begun) * 1000, 2)];
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
