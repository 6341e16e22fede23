<?php
// Loaded by runtime.php where a link was switched while the cache lives: which cached scripts were compiled through a symbolic link that leads elsewhere now.

namespace Stalewatch;

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
     * @param list<array{0: string, 1: string, 2: string, 3: bool}> $links root of an application, the path below it of a link that was switched,
     * where it leads, whether a folder lies in its place now
     * @return list<array>|null [link, what it led to, whether by OPcache's key, row] for what was compiled through one before it was switched,
     * null: there was no time to look
     */
    public function look(array $links, int $limit): ?array
    {
        $found = [];
        foreach ($links as [$root, $name, $target, $folder]) {
            foreach ($this->through($root, $name, $target, $folder) as [$path, $old, $keyed]) {
                if (count($found) < $limit) {
                    $found[] = ["$root/$name", $old, $keyed, $this->comparison->look($path, $this->scripts[$path], true)[1]];
                }
            }
            if (microtime(true) > $this->until) {
                return null;
            }
        }
        return $found;
    }

    /** @return iterable<array{0: string, 1: string, 2: bool}> script, what the link led to when it was compiled, whether a key shows it */
    private function through(string $root, string $name, string $target, bool $folder): iterable
    {
        $beside = substr($target, 0, (int) strrpos($target, '/') + 1);
        [$siblings, $others] = [[], []];
        $file = isset($this->scripts[$target]) || is_file($target);
        foreach (array_map('strval', array_keys($this->scripts)) as $path) {
            if ($path === $target || strpos($path, "$target/") === 0) {
                continue;
            }
            if ($file) {
                $others[$path] = [strlen($path)]; // the link leads to the script itself
            } elseif ($folder) {
                $others[$path] = array_map('strlen', $this->above($path)); // the link can have led anywhere
            } elseif (strlen($beside) > 1 && strpos($path, $beside) === 0 && ($cut = strpos($path, '/', strlen($beside))) !== false) {
                $siblings[$path] = [$cut];
            } elseif (strpos($path, "$root/") !== 0) {
                $others[$path] = array_map('strlen', $this->above($path));
            }
        }
        $keyed = $this->keyed($root, $name, $target, $siblings) ?: $this->keyed($root, $name, $target, $others);
        $old = (string) key($keyed);
        if ($folder && $old === '') {
            return; // what lies beside a folder has nothing to do with it
        }
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
