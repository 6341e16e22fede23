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
