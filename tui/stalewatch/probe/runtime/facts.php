<?php
// What a look at a runtime tells: the first part of stalewatch's runtime probe and of its health file. Nothing here writes.
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

/** Nothing that others print or raise gets between us and the answer. */
function undisturbed(): void
{
    while (ob_get_level() > 0) {
        ob_end_clean();
    }
    set_error_handler([Warnings::class, 'catch']);
    if (function_exists('ini_set')) {
        ini_set('memory_limit', '512M');
        ini_set('display_errors', '0');
    }
}

/** Who answers. */
function about(string $verb, float $begun): array
{
    [$uid, $user] = worker_user();
    return ['stalewatch' => 1, 'verb' => $verb, 'sapi' => PHP_SAPI, 'php' => PHP_VERSION, 'now' => $begun, 'uid' => $uid, 'user' => $user]
        + ['realpath_cache_ttl' => (int) ini_get('realpath_cache_ttl')]
        + ['user_ini_ttl' => (string) ini_get('user_ini.filename') === '' ? null : (int) ini_get('user_ini.cache_ttl')];
}

/**
 * What OPcache and the pool tell, and for the verbs compare and scripts what the cache holds against the disk. $without: a script of ours.
 *
 * @return array{0: array<string, mixed>, 1: array<string, mixed>, 2: array<string, array>} the answer, OPcache's part of it, the scripts
 */
function look(string $verb, array $options, string $without = ''): array
{
    $error = opcache_error();
    $listing = $verb === 'compare' || $verb === 'scripts';
    $status = $error === '' ? opcache_get_status($listing || !empty($options['changed'])) : false;
    if ($error === '' && $status === false) {
        $error = restricted() ? 'restricted' : 'disabled';
    }
    $facts = opcache_facts($status, $error);
    $scripts = $facts['file_update_protection'] === 0 ? without_ours($status['scripts'] ?? []) : $status['scripts'] ?? [];
    unset($scripts[$without]);
    [$told, $why] = Scoreboard::told($listing || $verb === 'status' ? $options : ['status' => false]);
    $answer = ['opcache' => $facts, 'status' => $told, 'unasked' => $why];
    if (isset($options['places'])) {
        $answer['places'] = places((array) $options['places']);
    }
    if ($verb === 'scripts' && ($variables = variables()) !== null) {
        $answer['variables'] = array_keys($variables);
    }
    if ($listing) {
        $options += ['noted' => noted($told)];
        $answer += ['replaced' => replaced($facts['start_time']), 'extension_dir' => (string) ini_get('extension_dir'), 'ini' => ini_files(min($facts['start_time'], begun($facts, $options['noted'])))]
            + compare($scripts, $facts, $options, $verb === 'scripts', folders($status['preload_statistics']['scripts'] ?? []));
    }
    return [$answer, $facts, $scripts];
}

/** @param array<string, array> $scripts what a watcher uploads is no code of the pool: with file_update_protection=0 it stays in the list when it is gone */
function without_ours(array $scripts): array
{
    return array_filter($scripts, function (string $path): bool {
        return !preg_match('~/(stalewatch-\d+-[^/]+|\.stalewatch)/[a-z_]+\.php$~', $path);
    }, ARRAY_FILTER_USE_KEY);
}

function encoded(array $answer): string
{
    return (string) json_encode($answer, JSON_UNESCAPED_SLASHES | JSON_INVALID_UTF8_SUBSTITUTE | JSON_PARTIAL_OUTPUT_ON_ERROR);
}
