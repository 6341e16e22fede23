<?php
// Loaded by artefacts.php: the compiled views are kept aside while artisan clears them, or compiles all of them again.

namespace Stalewatch;

/** The PHP files of one folder, in a folder of the pool's user beside them. Second names take no room; copies, where there are none, do. */
final class KeptFolder
{
    private const MOST = 5000;
    private const MOST_BYTES = 67108864;
    /** @var string with a slash at its end */
    private $folder;
    /** @var string */
    private $aside;

    public function __construct(string $folder)
    {
        $this->folder = $folder;
        $this->aside = "$folder.stalewatch/";
        clearstatcache();
    }

    /** Why they are not kept ('': they are). */
    public function keep(): string
    {
        $files = self::names($this->folder);
        $sizes = array_map(function (string $name): int {
            return (int) @filesize($this->folder . $name);
        }, function_exists('link') ? [] : $files);
        if (count($files) > self::MOST || array_sum($sizes) > self::MOST_BYTES) {
            return count($files) > self::MOST ? 'more than ' . self::MOST . ' files' : 'more than 64 MB';
        }
        $this->drop();
        if (is_link(rtrim($this->aside, '/')) || !@mkdir($this->aside, 0700)) {
            return Artefacts::why('no folder can be made in it');
        }
        [$held, $looks] = [[], setting('validate_timestamps', 1) !== 0];
        foreach ($files as $name) {
            if (!Artefacts::copied($this->folder . $name, $this->aside . $name)) {
                $this->drop();
                return Artefacts::why('they cannot be copied');
            }
            $looks || !function_exists('opcache_is_script_cached') || !opcache_is_script_cached($this->folder . $name) || $held[] = $name;
        }
        $written = file_put_contents($this->aside . 'list', json_encode($held));
        return $written ? '' : Artefacts::why('nothing can be written in it');
    }

    /** As of one file: what is kept and what is there change places. */
    public function exchange(bool $compiled): string
    {
        if (!is_file($this->aside . 'list')) {
            return 'it was not kept aside';
        }
        $held = $compiled ? [] : (array) json_decode((string) file_get_contents($this->aside . 'list'), true);
        foreach (array_unique(array_merge(self::names($this->folder), self::names($this->aside))) as $name) {
            if (($why = Artefacts::changePlaces($this->folder . $name, $this->aside . $name)) !== '') {
                return $why;
            }
            in_array($name, $held, true) || !function_exists('opcache_invalidate') || @opcache_invalidate($this->folder . $name, true);
        }
        return '';
    }

    /** Whether there was something; what a run has left that was cut off is not put back, because views are compiled when they are asked for. */
    public function drop(): bool
    {
        $there = is_dir($this->aside) && !is_link(rtrim($this->aside, '/'));
        foreach ($there ? [...self::names($this->aside), 'list'] : [] as $name) {
            @unlink($this->aside . $name);
        }
        return $there && @rmdir($this->aside);
    }

    /** @return list<string> */
    private static function names(string $folder): array
    {
        return array_values(array_filter(@scandir($folder) ?: [], function (string $name) use ($folder): bool {
            return substr($name, -4) === '.php' && is_file($folder . $name) && !is_link($folder . $name);
        }));
    }
}

/** What is said of *paths*, some of which are *folders* and end in a slash, in that order; then what else was asked for. */
function with_folders(string $verb, array $paths, array $folders, array $options): array
{
    $files = array_values(array_diff($paths, $folders));
    $told = array_column(artefacts($verb, ['files' => $files] + $options)['artefacts'], 1, 0);
    foreach ($folders as $folder) {
        $told[$folder] = of_folder($verb, new KeptFolder($folder), (bool) ($options['compiled'] ?? false));
    }
    $order = array_unique(array_merge($paths, array_keys($told)));
    return ['artefacts' => array_map(function (string $path) use ($told): array {
        return [$path, $told[$path] ?? ''];
    }, array_values($order))];
}

function of_folder(string $verb, KeptFolder $kept, bool $compiled): string
{
    switch ($verb) {
        case 'keep':
            return $kept->keep();
        case 'exchange':
            return $kept->exchange($compiled);
        case 'settle':
            return '';
        default:
            return $kept->drop() && $verb === 'tidy' ? 'removed' : '';
    }
}
