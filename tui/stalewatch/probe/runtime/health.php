<?php
// The last part of stalewatch's health file. It answers whoever has KEY, about the PHP that runs it; it writes nothing and drops nothing from a cache.
// docs/health.md says how it is installed and removed.

namespace Stalewatch;

const KEY = '0000000000000000000000000000000000000000000000000000000000000000';
const WINDOW = 60;
const MAX_BODY = 8388608; // more than all links of an application take; what is longer has no valid signature

function load(string $part): void
{
    // All that a look needs is in this file.
}

function refuse(int $status, string $why): void
{
    http_response_code($status);
    header('Content-Type: text/plain');
    echo "stalewatch: $why\n";
    exit;
}

/**
 * Ends the request of whoever does not have the key: as if there were no such file where it is no request of ours at all.
 *
 * @return array{0: string, 1: string} nonce and body
 */
function check(): array
{
    $told = explode('.', (string) ($_SERVER['HTTP_X_STALEWATCH'] ?? ''));
    if (count($told) !== 3 || ($_SERVER['REQUEST_METHOD'] ?? '') !== 'POST') {
        refuse(404, 'not found');
    }
    [$time, $nonce, $signature] = $told;
    $body = (string) file_get_contents('php://input', false, null, 0, MAX_BODY);
    if (!hash_equals(hash_hmac('sha256', "request\n$time\n$nonce\n$body", KEY), $signature)) {
        refuse(403, 'key');
    }
    if (abs(time() - (int) $time) > WINDOW) {
        refuse(403, 'time');
    }
    return [$nonce, $body];
}

function health(): void
{
    $begun = microtime(true);
    header('Cache-Control: no-store, private');
    header('X-Accel-Expires: 0');
    [$nonce, $body] = check();
    undisturbed();
    if (function_exists('ini_set')) {
        ini_set('zlib.output_compression', '0');
    }
    $options = (array) json_decode($body, true);
    $verb = (string) ($options['verb'] ?? '');
    if (!in_array($verb, ['status', 'compare', 'scripts'], true)) {
        refuse(403, 'verb');
    }
    $answer = about($verb, $begun) + look($verb, $options, __FILE__)[0] + [
        'boot' => trim((string) @file_get_contents('/proc/sys/kernel/random/boot_id')),
        'host' => function_exists('php_uname') ? php_uname('n') : '',
        'ms' => round((microtime(true) - $begun) * 1000, 2),
    ];
    $text = encoded($answer);
    $deflated = function_exists('gzdeflate');
    $text = $deflated ? gzdeflate($text, 4) : $text;
    $encoding = $deflated ? 'deflate' : 'plain';
    $signature = hash_hmac('sha256', "answer\n$nonce\n$encoding\n$text", KEY);
    header('Content-Type: application/octet-stream');
    echo "stalewatch-health $encoding $signature ", strlen($text), "\n", $text;
}

if (PHP_SAPI !== 'cli') {
    health();
}
