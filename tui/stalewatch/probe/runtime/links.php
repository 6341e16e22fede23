<?php
// Appended to runtime.php: which cached scripts were compiled through a symbolic link that leads elsewhere now.

namespace Stalewatch;

/** @return array{0: string, 1: int}|null where $path leads, and the newest ctime of a link on the way; null: that cannot be seen */
function led(string $path): ?array
{
    // By name only: PHP's own realpath() answers from the realpath cache, and fills it.
    $rest = explode('/', $path);
    [$at, $newest, $hops] = ['', 0, 0];
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
        if ($stat === false && $rest === []) {
            return null;
        }
        // open_basedir hides what lies above the directories that it allows: those are no links of the application.
        if ($stat === false || ($stat['mode'] & 0170000) !== 0120000) {
            $at .= "/$name";
            continue;
        }
        $target = ++$hops > 40 ? '' : target("$at/$name");
        if ($target === '') {
            return null;
        }
        $newest = max($newest, $stat['ctime']);
        $at = $target[0] === '/' ? '' : $at;
        $rest = array_merge(explode('/', $target), $rest);
    }
    return [$at, $newest];
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

/** What was compiled through the links of an application, by OPcache's own keys and by what lies beside the link's target. */
final class ThroughLinks
{
    private const SECONDS = 0.1;
    private const USUAL_DETOURS = ['' => true, 'public/../' => true, 'bootstrap/../' => true, 'vendor/../' => true, 'vendor/composer/../../' => true];
    private const MAX_DETOURS = 16;

    /** @var array<string, array> scripts of the cache by their resolved path */
    private $scripts;
    /** @var Comparison */
    private $comparison;
    /** @var bool whether OPcache finds a script by the path that was passed, and never looks where that leads */
    private $byKey;
    /** @var array<string, list<string>> by root: how its code spells paths to it */
    private $detours = [];
    /** @var float */
    private $until;

    /** @param array<string, array> $scripts */
    public function __construct(array $scripts, array $facts, Comparison $comparison)
    {
        $this->scripts = $scripts;
        $this->comparison = $comparison;
        $this->byKey = !$facts['validate_timestamps'] && !$facts['revalidate_path'] && function_exists('opcache_is_script_cached');
        $this->until = microtime(true) + self::SECONDS;
    }

    /**
     * @param list<array{0: string, 1: string, 2: bool}> $links root of an application, the link's path below it, whether scripts are looked for
     * @return array{0: list<array>|null, 1: list<array>|null} every link with its target and the newest ctime on the way, null: they cannot be seen; [link, what it led to,
     * whether by OPcache's key, row] for what was compiled through one before it was switched, null: there was no time to look
     */
    public function look(array $links, int $since, int $limit): array
    {
        $seen = $found = [];
        if (!function_exists('lstat')) {
            return [null, null];
        }
        foreach (array_slice($links, 0, 2000) as [$root, $name, $compiled]) {
            $led = led("$root/$name");
            if ($led === null) {
                continue;
            }
            $seen[] = ["$root/$name", $led[0], $led[1]];
            if ($found === null || $led[1] < $since || !$compiled) {
                continue;
            }
            foreach ($this->through((string) $root, (string) $name, $led[0]) as [$path, $old, $keyed]) {
                if (count($found) < $limit) {
                    $found[] = ["$root/$name", $old, $keyed, $this->comparison->look($path, $this->scripts[$path], true)[1]];
                }
            }
            $found = microtime(true) > $this->until ? null : $found;
        }
        return [$seen, $found];
    }

    /** @return iterable<array{0: string, 1: string, 2: bool}> script, what the link led to when it was compiled, whether a key shows it */
    private function through(string $root, string $name, string $target): iterable
    {
        $beside = substr($target, 0, (int) strrpos($target, '/') + 1);
        [$siblings, $others] = [[], []];
        foreach (array_map('strval', array_keys($this->scripts)) as $path) {
            if ($path === $target || strpos($path, "$target/") === 0) {
                continue;
            }
            if (strlen($beside) > 1 && strpos($path, $beside) === 0 && ($cut = strpos($path, '/', strlen($beside))) !== false) {
                $siblings[$path] = [$cut];
            } elseif (strpos($path, "$root/") !== 0) {
                $others[$path] = array_map('strlen', $this->above($path));
            }
        }
        $keyed = $this->keyed($root, $name, $target, $siblings) ?: $this->keyed($root, $name, $target, $others);
        $old = (string) key($keyed);
        foreach ($siblings + $others as $path => $cuts) {
            $cut = $old !== '' ? strlen($old) : $cuts[0];
            if (isset($keyed[$old][$path])) {
                yield [$path, $old, true];
            } elseif ($old !== '' ? strpos($path, "$old/") === 0 : isset($siblings[$path])) {
                if (!isset($this->scripts[$target . substr($path, $cut)]) && @is_file($target . substr($path, $cut))) {
                    yield [$path, substr($path, 0, $cut), false];
                }
            }
        }
    }

    /** @return list<string> the directories above a path, the topmost first */
    private function above(string $path): array
    {
        $found = [];
        for ($cut = strpos($path, '/', 1); $cut !== false; $cut = strpos($path, '/', $cut + 1)) {
            $found[] = substr($path, 0, $cut);
        }
        return $found;
    }

    /**
     * @param array<string, list<int>> $paths scripts, and where the part of each may begin that is the same behind the link
     * @return array<string, array<string, true>> directory that the link led to => scripts in it that OPcache's keys reach through the
     * link, although what lies there now is not cached; the directory with the most of them first, because others only have the same names
     */
    private function keyed(string $root, string $name, string $target, array $paths): array
    {
        $found = [];
        foreach ($this->byKey ? $paths : [] as $path => $cuts) {
            if (microtime(true) > $this->until) {
                break;
            }
            foreach ($cuts as $cut) {
                $rest = substr($path, $cut);
                foreach (isset($this->scripts[$target . $rest]) ? [] : $this->detours($root) as $detour) {
                    if (opcache_is_script_cached("$root/$detour$name$rest")) {
                        $found[substr($path, 0, $cut)][$path] = true;
                    }
                }
            }
        }
        uasort($found, function (array $one, array $other): int {
            return count($other) <=> count($one);
        });
        return $found;
    }

    /** @return list<string> how code spells its own root, below it: __DIR__ . '/../', which OPcache keeps as it is */
    private function detours(string $root): array
    {
        if (!isset($this->detours[$root])) {
            $found = self::USUAL_DETOURS;
            foreach (array_keys($this->scripts) as $path) {
                $folder = strpos((string) $path, "$root/") === 0 ? dirname(substr((string) $path, strlen($root) + 1)) : '.';
                if ($folder !== '.' && substr_count($folder, '/') < 2) {
                    $found[$folder . str_repeat('/..', substr_count($folder, '/') + 1) . '/'] = true;
                }
            }
            $this->detours[$root] = array_slice(array_map('strval', array_keys($found)), 0, self::MAX_DETOURS);
        }
        return $this->detours[$root];
    }
}
