<?php
// The last part of the runtime probe. Runs inside an FPM pool, answers one JSON object, changes nothing but by the verbs invalidate, compile, keep, settle, exchange, drop and tidy.
// PHP 7.4 to 8.5. Any function may be disabled: ask before calling. Wire format: the docstring of tui/stalewatch/probe/runtime/__init__.py.

namespace Stalewatch;

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

function answer(string $verb, array $options): array
{
    $error = opcache_error();
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
    if ($verb === 'held') {
        load('verbs.php');
        $acted = held((array) ($options['files'] ?? []), (array) ($options['sums'] ?? []), (int) ($options['limit'] ?? 0));
    }
    if ($verb === 'keep' || $verb === 'settle' || $verb === 'exchange' || $verb === 'drop' || $verb === 'tidy') {
        load('artefacts.php');
        $acted = artefacts($verb, $options);
    }
    if ($verb === 'remake') {
        load('remade.php');
        $acted = remade($options);
    }
    [$answer, $facts, $scripts] = look($verb, $options);
    $answer += $acted;
    if ($verb === 'scripts' || !empty($options['changed'])) {
        load('memory.php');
        if ($verb === 'scripts' && function_exists('get_loaded_extensions')) {
            $answer['extensions'] = array_map('strtolower', get_loaded_extensions());
        }
        $answer['remembered'] = (new Memory($scripts, $facts))->only();
    }
    if ($verb === 'parse') {
        load('parse.php');
        $answer += parsed($options, $scripts, $facts);
    }
    if (isset($options['configuration'])) {
        load('configuration.php');
        $answer += configuration((array) $options['configuration']);
    }
    return $answer;
}

function main(): void
{
    $begun = microtime(true);
    undisturbed();
    $verb = parameter('STALEWATCH');
    $options = json_decode((string) file_get_contents('php://input'), true);
    $answer = about($verb, $begun) + answer($verb, is_array($options) ? $options : []);
    $text = encoded($answer + ['loaded' => Parts::$loaded, 'ms' => round((microtime(true) - $begun) * 1000, 2)]);
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
    try {
        main();
    } catch (\Error $error) {
        if (strpos($error->getMessage(), 'undefined function') === false) {
            throw $error;
        }
        http_response_code(500); // a pool that writes its errors to a file tells the asker nothing of them
        echo $error->getMessage();
    }
    exit;
}
