<?php
// Loaded by runtime.php with a full list and before a reload: which sites PHP answers only because it remembers where their paths led.

namespace Stalewatch;

/** Front scripts that were requested of late by a path that the disk has no more: every request of them is 404 after a reload. */
final class Memory
{
    private const SECONDS = 0.05;
    private const MAX_TOLD = 20;
    private const MAX_BESIDE = 2000; // names in one folder
    private const FRONT = '#/(?:index|(?:public|web|webroot|htdocs|httpdocs|public_html|docroot|www)/[^/]+)\.php$#';
    private const DOCROOT = '#/(?:public|web|webroot|htdocs|httpdocs|public_html|docroot|www)$#';

    /** @var array<string, array> scripts of the cache by their resolved path */
    private $scripts = [];
    /** @var bool whether OPcache finds a script by the path that was passed, and tells which */
    private $byKey;
    /** @var int seconds that a script runs of which the file is gone */
    private $runs;
    /** @var int seconds that a worker remembers where a path led */
    private $ttl;
    /** @var int */
    private $now;
    /** @var float */
    private $until;
    /** @var array<string, list<string>> links by the folder that they are in */
    private $beside = [];
    /** @var array<string, int> link => since when it leads to nothing, 0: it does not */
    private $links = [];

    /** @param array<string, array> $scripts */
    public function __construct(array $scripts, array $facts)
    {
        foreach ($scripts as $path => $script) {
            $this->scripts[(string) ($script['full_path'] ?? $path)] = $script;
        }
        $this->byKey = !$facts['validate_timestamps'] && !$facts['revalidate_path'] && function_exists('opcache_is_script_cached');
        $this->ttl = (int) ini_get('realpath_cache_ttl');
        $this->runs = $facts['validate_timestamps'] ? min($this->ttl, $facts['revalidate_freq']) : $this->ttl;
        $this->now = (int) microtime(true);
        $this->until = microtime(true) + self::SECONDS;
    }

    /** @return list<array{0: string, 1: int}> paths that were requested, and when PHP has forgotten where they led */
    public function only(): array
    {
        if ($this->ttl <= 0 || (int) ini_get('realpath_cache_size') <= 0 || !function_exists('lstat') || (string) ini_get('open_basedir') !== '') {
            return []; // nothing is remembered; or nothing that is seen from here
        }
        clearstatcache();
        $found = $used = $through = [];
        foreach ($this->scripts as $path => $script) {
            $last = (int) ($script['last_used_timestamp'] ?? 0);
            if ($last + $this->ttl >= $this->now && preg_match(self::FRONT, $path) && strpos($path, '/vendor/') === false) {
                $used[$path] = $last;
            }
        }
        arsort($used);
        foreach ($used as $path => $last) {
            if (microtime(true) > $this->until || count($found) >= self::MAX_TOLD) {
                break;
            }
            $ways = $this->through((string) $path, $last);
            [$found, $through[$path]] = [$found + $ways, $ways !== []];
        }
        return $this->told($found + $this->ofThisWorker(array_filter($through)));
    }

    /**
     * @param array<string, int> $found
     * @return list<array{0: string, 1: int}> without what is behind another of them
     */
    private function told(array $found): array
    {
        ksort($found);
        $told = [];
        foreach ($found as $path => $until) {
            $above = end($told);
            if ($above === false || strpos((string) $path, "$above[0]/") !== 0) {
                $told[] = [(string) $path, $until];
            }
        }
        return $told;
    }

    /**
     * @param array<string, bool> $told scripts of which it is known already
     * @return array<string, int> what the realpath cache of this worker alone knows
     */
    private function ofThisWorker(array $told): array
    {
        $found = [];
        foreach (function_exists('realpath_cache_get') ? realpath_cache_get() : [] as $path => $entry) {
            [$path, $real] = [(string) $path, (string) $entry['realpath']];
            $front = !$entry['is_dir'] && basename($path) === 'index.php' && strpos($path, '/vendor/') === false;
            if (!$front || $entry['expires'] <= $this->now || isset($told[$real])) {
                continue;
            }
            [$gone, $lost] = [gone_since($path), gone_since($real)];
            $last = (int) ($this->scripts[$real]['last_used_timestamp'] ?? $this->now);
            if ($gone > 0 && $last > $gone && ($lost === 0 || $lost + $this->runs >= $this->now) && !$this->byAnother($real, $lost > 0)) {
                $found[$path] = (int) min($entry['expires'], $gone + $this->ttl);
            }
        }
        return $found;
    }

    /** @return array<string, int> the paths that are gone by which the script at $path was requested, and until when they are remembered */
    private function through(string $path, int $last): array
    {
        [$found, $lost] = [[], gone_since($path)];
        $runs = $lost > 0 ? $lost + $this->runs : PHP_INT_MAX;
        if ($runs < $this->now) {
            return [];
        }
        foreach ($this->ways($path) as [$link, $way, $above]) {
            if ($this->byKey ? opcache_is_script_cached($way) : $above && $this->links[$link] > 0) {
                $gone = gone_since($way);
                if ($gone > 0 && $gone + $this->ttl >= $this->now && ($this->byKey || $last >= $gone)) {
                    $found[$this->links[$link] > 0 ? $link : $way] = min($runs, $gone + $this->ttl);
                }
            }
        }
        if ($found === [] && $lost > 0 && $last > $lost && basename($path) === 'index.php') {
            $found[$path] = $runs;
        }
        $proven = $found === [] || ($this->byKey && !isset($found[$path]));
        $folders = $lost > 0 ? [] : array_map('dirname', array_map('strval', array_keys($found)));
        return $proven || !$this->byAnother($path, $lost > 0, $folders) ? $found : [];
    }

    /**
     * Whether a link that is there leads to the script at $path, or, where that is gone, to what came in its place.
     *
     * @param list<string> $folders in which the link is; []: wherever
     */
    private function byAnother(string $path, bool $gone, array $folders = []): bool
    {
        foreach ($this->ways($path) as [$link, $way]) {
            $counts = $this->links[$link] === 0 && ($folders === [] || in_array(dirname($link), $folders, true));
            $led = $counts && is_file($way) ? led($way) : null;
            if ($led !== null && ($gone ? !isset($this->scripts[$led[0]]) : $led[0] === $path)) {
                return true;
            }
        }
        return false;
    }

    /** @return iterable<array{0: string, 1: string, 2: bool}> the links above and beside the script, a path to it through each, whether the link is above its root */
    private function ways(string $path): iterable
    {
        $names = explode('/', $path);
        $root = count($names) - (preg_match(self::DOCROOT, dirname($path)) ? 3 : 2);
        for ($depth = count($names) - 2; $depth >= 0; $depth--) {
            foreach ($this->links(implode('/', array_slice($names, 0, $depth + 1))) as $link) {
                for ($cut = $depth + 2; $cut < count($names); $cut++) {
                    yield [$link, "$link/" . implode('/', array_slice($names, $cut)), $depth < $root];
                }
            }
        }
    }

    /** @return list<string> */
    private function links(string $folder): array
    {
        if (!isset($this->beside[$folder])) {
            $names = (microtime(true) < $this->until ? @scandir("$folder/") : false) ?: [];
            $names = count($names) > self::MAX_BESIDE ? [] : $names;
            $links = array_filter($names, function (string $name) use ($folder): bool {
                $stat = @lstat("$folder/$name");
                return $stat !== false && ($stat['mode'] & 0170000) === 0120000;
            });
            if (in_array('releases', $names, true) && !in_array('current', $names, true)) {
                $links[] = 'current'; // what that link is called, where it is gone
            }
            $this->beside[$folder] = [];
            foreach ($links as $name) {
                $this->beside[$folder][] = "$folder/$name";
                $this->links["$folder/$name"] = gone_since("$folder/$name");
            }
        }
        return $this->beside[$folder];
    }
}

/** The latest moment at which $path can have led to something, where it leads to nothing now; 0: it does, or that cannot be seen. */
function gone_since(string $path): int
{
    [$newest, $hops] = [0, 0];
    foreach (way($path) as [$at, $stat, $target]) {
        if ($stat === false) {
            $above = @stat("$at/");
            return $above !== false && is_executable("$at/") ? max($newest, $above['ctime']) : 0;
        }
        if ($target !== null) {
            [$newest, $hops] = [max($newest, $stat['ctime']), $hops + 1];
        }
        if ($target === '') {
            return $hops > MAX_HOPS ? $newest : 0;
        }
    }
    return 0;
}
