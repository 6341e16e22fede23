<?php
// What FPM tells a worker of its pool, asked where asking harms nobody: a part of stalewatch's runtime probe and of its health file.
// PHP 7.4 to 8.5. docs/facts.md#fpm-scoreboard has what fpm_get_status() was measured to do, and in which versions.

namespace Stalewatch;

/**
 * fpm_get_status() reads a slot that a worker is just writing, or that belongs to one that is not up yet, and dies of it, with the request
 * and in some versions with the pool. So it is called while all other workers of the pool wait, and the master starts none.
 */
final class Scoreboard
{
    private const PATIENCE = 0.1;
    private const APART = 25000;
    private const MOST_SLOTS = 1000;
    private const MOST_WORKERS = 200;
    /** @var array{0: array|null, 1: string}|null */
    private static $told;

    /** @return array{0: array|null, 1: string} what it returns, and why it was not called: asked, disabled, many, hidden, starting, busy */
    public static function told(array $options): array
    {
        return self::$told = self::$told ?? self::ask($options);
    }

    private static function ask(array $options): array
    {
        $why = self::never($options) ?: self::notNow();
        return $why === '' ? [fpm_get_status() ?: null, ''] : [null, $why];
    }

    private static function never(array $options): string
    {
        if (!($options['status'] ?? true)) {
            return 'asked';
        }
        if (!function_exists('fpm_get_status')) {
            return 'disabled';
        }
        $fixed = PHP_VERSION_ID >= 80415 || PHP_VERSION_ID >= 80227 && PHP_VERSION_ID < 80300;
        return !$fixed && (int) ($options['slots'] ?? PHP_INT_MAX) > self::MOST_SLOTS ? 'many' : '';
    }

    /** Nobody moves between two looks at /proc that are a little apart. */
    private static function notNow(): string
    {
        $end = microtime(true) + self::PATIENCE;
        $before = null;
        while (true) {
            [$why, $now] = self::others();
            if ($why === 'hidden' || $why === 'many' || $now === [] || $why === '' && $now === $before) {
                return $why;
            }
            $why = $why ?: 'busy';
            if (microtime(true) > $end || !function_exists('usleep')) {
                return $why;
            }
            $before = $now;
            usleep(self::APART);
        }
    }

    /** @return array{0: string, 1: array<int, string>|null} why not; the pool's other workers, each with how often it waited, if all wait now */
    private static function others(): array
    {
        $own = self::process('self');
        $master = $own === null ? null : self::process($own['parent']);
        $children = $master === null ? false : @file_get_contents("/proc/{$own['parent']}/task/{$own['parent']}/children");
        if ($master === null || $children === false || strpos($own['title'], 'php-fpm: pool ') !== 0 || strpos($master['title'], 'php-fpm: ') !== 0) {
            return ['hidden', null];
        }
        $pids = array_diff(preg_split('/\s+/', $children, -1, PREG_SPLIT_NO_EMPTY) ?: [], [$own['pid']]);
        if (count($pids) > self::MOST_WORKERS) {
            return ['many', null];
        }
        $waiting = [];
        foreach ($pids as $pid) {
            $worker = self::process($pid);
            if ($worker === null || $worker['state'] === 'Z' || $worker['title'] === $master['title']) {
                return ['starting', null]; // or about to be replaced
            }
            if ($worker['title'] === $own['title']) {
                if ($worker['state'] !== 'S') {
                    return ['busy', null];
                }
                $waiting[(int) $pid] = $worker['waited'];
            }
        }
        $master = self::process($own['parent']);
        return $master !== null && $master['state'] === 'S' ? ['', $waiting] : ['starting', null];
    }

    /** @return array{pid: string, parent: string, state: string, waited: string, title: string}|null null: it is gone, or may not be seen */
    private static function process(string $pid): ?array
    {
        $status = (string) @file_get_contents("/proc/$pid/status");
        preg_match_all('/^(Pid|PPid|State|voluntary_ctxt_switches):\s+(\w+)/m', $status, $found);
        $told = array_combine($found[1], $found[2]);
        if (count($told) !== 4) {
            return null;
        }
        $title = rtrim((string) @file_get_contents("/proc/$pid/cmdline"), "\0 ");
        return ['parent' => $told['PPid'], 'pid' => $told['Pid'], 'state' => $told['State'], 'waited' => $told['voluntary_ctxt_switches'], 'title' => $title];
    }
}
