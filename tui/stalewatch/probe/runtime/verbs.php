<?php
// Loaded by runtime.php for the verbs that are asked rarely.

namespace Stalewatch;

/** @return array{digests: list<array{string, int, int, int, int, string}>} path, device, inode, mtime, ctime and digest, until time is over */
function digests(array $paths): array
{
    clearstatcache();
    $until = microtime(true) + DIGEST_SECONDS;
    $found = [];
    foreach ($paths as $path) {
        $stat = microtime(true) < $until && function_exists('md5_file') ? @stat((string) $path) : false;
        if ($stat !== false && digestible($stat)) {
            $found[] = [(string) $path, $stat['dev'], $stat['ino'], $stat['mtime'], $stat['ctime'], (string) @md5_file((string) $path)];
        }
    }
    return ['digests' => $found];
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

/** Compiles those that are not cached; none of them is executed. Ours is not loaded beside them: one request for each. */
function compile(array $paths): array
{
    if (function_exists('ini_set')) {
        ini_set('log_errors', '0'); // what does not compile alone is compiled when it is asked for
    }
    $results = [];
    foreach (array_slice($paths, 0, 1) as $path) {
        $path = (string) $path;
        $cached = function_exists('opcache_is_script_cached') && opcache_is_script_cached($path);
        try {
            $done = !$cached && is_file($path) && function_exists('opcache_compile_file') && @opcache_compile_file($path);
        } catch (\Throwable $error) {
            $done = false;
        }
        http_response_code(200);
        $results[] = [$path, $done, $cached || $done];
    }
    return ['results' => $results];
}

/** What APCu holds under these keys: [key, whether it holds it, a text or null]; null where it cannot be asked. Composer asks as here. */
function apcu(array $keys): array
{
    if (!function_exists('apcu_fetch') || !filter_var(ini_get('apc.enabled'), FILTER_VALIDATE_BOOLEAN)) {
        return ['apcu' => []];
    }
    if (!function_exists('apcu_enabled') || !apcu_enabled()) {
        return ['apcu' => null];
    }
    $found = [];
    foreach (array_slice($keys, 0, 500) as $key) {
        $value = apcu_fetch((string) $key, $held);
        $found[] = [(string) $key, (bool) $held, is_string($value) ? $value : null];
    }
    return ['apcu' => $found];
}

/** @return array{artefacts: list<array{0: string, 1: string}>} file, and whether it has the SHA-256 of the same place in $sums: `same`, `other`; '': not known */
function held(array $paths, array $sums, int $limit): array
{
    clearstatcache();
    $told = [];
    foreach (array_slice($paths, 0, 500) as $index => $path) {
        $read = function_exists('hash_file') && @is_file((string) $path) && @filesize((string) $path) <= $limit;
        $sum = $read ? @hash_file('sha256', (string) $path) : false;
        $told[] = [(string) $path, $sum === false ? '' : ($sum === ($sums[$index] ?? '') ? 'same' : 'other')];
    }
    return ['artefacts' => $told];
}

/** @return array{artefacts: list<array{0: string, 1: string}>} file, or folder that ends in a slash; what keeps this worker from making it again, '': nothing */
function writable(array $paths): array
{
    clearstatcache();
    $told = [];
    foreach (array_slice($paths, 0, 50) as $path) {
        $told[] = [(string) $path, (string) ini_get('open_basedir') === '' ? unwritable((string) $path) : '']; // what that hides is not told
    }
    return ['artefacts' => $told];
}

/** A word, and what it is about: `missing`, `read-only MOUNT`, `immutable`, `denied OWNER MODE`, `kept OWNER`, `immutable-file`, `no-file`; '': nothing. */
function unwritable(string $path): string
{
    $folder = substr($path, -1) === '/' ? rtrim($path, '/') : dirname($path);
    $stat = is_dir($folder) ? @stat($folder) : false;
    if ($stat === false) {
        return 'missing';
    }
    $uid = worker_user()[0];
    if (!is_writable($folder)) {
        $own = $stat['uid'] === $uid && ($stat['mode'] & 0200) !== 0;
        return read_only_mount($folder) ?: ($own ? 'immutable' : sprintf('denied %s %04o', owner_name($stat['uid']), $stat['mode'] & 07777));
    }
    $file = $folder . '/' === $path ? false : @lstat($path);
    if ($file !== false && !in_array($file['mode'] & 0170000, [0100000, 0120000], true)) {
        return 'no-file'; // artisan would wait for a pipe
    }
    if ($file === false || $uid === 0) {
        return '';
    }
    if (($stat['mode'] & 01000) !== 0 && $uid !== $stat['uid'] && $uid !== $file['uid']) {
        return 'kept ' . owner_name($file['uid']); // a sticky folder
    }
    return $file['uid'] === $uid && ($file['mode'] & 0200) !== 0 && !is_writable($path) ? (read_only_mount($path) ?: 'immutable-file') : '';
}

function read_only_mount(string $path): string
{
    $real = (string) realpath($path);
    $found = ['', ''];
    foreach (explode("\n", (string) @file_get_contents('/proc/self/mounts')) as $line) {
        [, $mount, , $options] = explode(' ', $line) + ['', '', '', ''];
        $mount = str_replace(['\\040', '\\011', '\\134'], [' ', "\t", '\\'], $mount);
        if ($mount !== '' && strpos("$real/", rtrim($mount, '/') . '/') === 0 && strlen($mount) >= strlen($found[0])) {
            $found = [$mount, $options]; // of several at one place the last is the one that is seen
        }
    }
    return strpos(",$found[1],", ',ro,') !== false ? "read-only $found[0]" : '';
}

function owner_name(int $uid): string
{
    $entry = function_exists('posix_getpwuid') ? posix_getpwuid($uid) : false;
    return $entry === false ? (string) $uid : $entry['name'];
}
