<?php
// Loaded by runtime.php: cache files are kept aside while artisan makes them again or clears them, and put back where that went wrong.

namespace Stalewatch;

/** The cache files that one artisan writes, and what was there before: beside them, in a folder of the pool's user that nobody else may read. */
final class Artefacts
{
    private const FOLDER = '.stalewatch';
    /** What else may lie in it, beside copies: it goes with the last of them. */
    private const OURS = ['room', self::LIST, ...self::ALONE];
    /** What a request needs that the server makes by itself when we are gone, and the probe's own files with us. */
    private const ALONE = ['runtime.php', 'artefacts.php'];
    private const LIST = 'list';
    /** @var list<string> */
    private $files;
    /** @var list<string> what Laravel calls the variable that says where it writes each of them */
    private $variables;

    public function __construct(array $files, array $variables = [])
    {
        $this->files = array_slice(array_map('strval', $files), 0, 20);
        $this->variables = array_map('strval', $variables);
        clearstatcache();
    }

    /** @return list<array{0: string, 1: string}> file, why it is not kept ('': it is, or there is none) */
    public function keep(bool $away, bool $clears, string $script): array
    {
        $told = [];
        foreach ($this->files as $file) {
            $told[] = [$file, ($clears ? '' : $this->room($file)) ?: $this->kept($file, $away) ?: $this->remember($file, $clears)];
        }
        if ($script !== '') {
            $told[] = [$script, $this->environment($script)];
        }
        if (array_filter(array_column($told, 1)) !== []) {
            array_map([$this, 'putBack'], $this->files);
            $this->leave($script);
        } elseif ($this->files !== [] && !$clears) {
            $this->readyAlone(dirname(self::aside($this->files[0])));
        }
        return $told;
    }

    /**
     * Whether the new files can run: if one can't, what was there before is back; else it is kept for an exchange, and the next request
     * runs the new ones, where OPcache looks at the disk at all.
     *
     * @return list<array{0: string, 1: string}> file, what is wrong with it ('': nothing)
     */
    public function settle(string $script): array
    {
        $told = [];
        foreach ($this->files as $number => $file) {
            $missing = !file_exists($file) && !is_link($file);
            $built = is_file(self::built($file)) ? self::fault(self::built($file)) : null;
            $told[] = [$file, $built ?? ($missing && $number > 0 ? '' : ($missing ? 'it is not there' : self::fault($file)))];
        }
        $wrong = array_filter(array_column($told, 1)) !== [];
        foreach ($wrong ? [] : $this->files as $number => $file) {
            $told[$number][1] = self::movedOver($file);
        }
        $wrong = array_filter(array_column($told, 1)) !== [];
        foreach ($this->files as $file) {
            $wrong ? $this->putBack($file) : (self::untouched($file) || self::forget($file, false));
            $back = !is_file(self::aside($file)) && (self::known($file)[$file]['there'] ?? false);
            !$wrong && $back && self::copied($file, self::aside($file)); // artisan's end has put it back
        }
        $wrong ? $this->leave($script) : ($script === '' || @unlink($script));
        return $told;
    }

    /**
     * What is kept aside and what is there change places; a second exchange takes the first one back. *compiled*: OPcache has compiled
     * what is there, even where it does not look at the disk.
     *
     * @return list<array{0: string, 1: string}> file, why not ('': it has)
     */
    public function exchange(bool $compiled): array
    {
        $told = [];
        foreach ($this->files as $file) {
            $told[] = [$file, self::exchanged($file)];
            self::forget($file, $compiled);
        }
        return $told;
    }

    /** @return list<array{0: string, 1: string}> file, why its copy is still there ('': it is not) */
    public function drop(string $script): array
    {
        $told = [];
        foreach ($this->files as $file) {
            $told[] = [$file, !is_file(self::aside($file)) || unlink(self::aside($file)) ? '' : self::why('it is still there')];
        }
        $this->leave($script);
        return $told;
    }

    /**
     * What a run that was cut off has left: a copy goes where the file itself can run, and takes its place where it can't.
     *
     * @return list<array{0: string, 1: string}> file, what became of its copy ('': there was none)
     */
    public function tidy(string $script): array
    {
        $told = [];
        foreach ($this->files as $file) {
            $aside = self::aside($file);
            $became = '';
            if (is_file($aside)) {
                $whole = file_exists($file) ? self::fault($file) === '' : (self::known($file)[$file]['clears'] ?? false);
                $became = ($whole ? unlink($aside) : rename($aside, $file)) ? ($whole ? 'removed' : 'put back') : self::why('it is still there');
            }
            $told[] = [$file, $became];
        }
        $this->leave($script);
        return $told;
    }

    /** So far in the future that OPcache never keeps them. */
    private function readyAlone(string $folder): void
    {
        foreach (function_exists('touch') && is_dir($folder) ? self::ALONE : [] as $name) {
            @copy(__DIR__ . "/$name", "$folder/$name") && @touch("$folder/$name", time() + 315360000);
        }
    }

    private static function aside(string $file): string
    {
        return dirname($file) . '/' . self::FOLDER . '/' . basename($file);
    }

    /** Where artisan builds it, so that nobody meets half of it, or none. */
    private static function built(string $file): string
    {
        return dirname($file) . '/' . self::FOLDER . '/' . basename($file, '.php') . '.built';
    }

    /** In one rename: what was built takes the place, and the rights, of what is served. Why not ('': it does, or there is none). */
    private static function movedOver(string $file): string
    {
        $built = self::built($file);
        if (!is_file($built)) {
            return '';
        }
        if (is_file($file)) {
            function_exists('chgrp') && filegroup($built) !== filegroup($file) && @chgrp($built, filegroup($file));
            function_exists('chmod') && @chmod($built, fileperms($file) & 07777);
        }
        return rename($built, $file) ? '' : self::why('it cannot take the place of the old one');
    }

    private function kept(string $file, bool $away): string
    {
        $aside = self::aside($file);
        @unlink(self::built($file));
        if (is_file($aside) && !file_exists($file)) {
            rename($aside, $file); // an earlier run was cut off
        }
        if (!file_exists($file) && !is_link($file)) {
            return '';
        }
        if (is_link($file) || !is_file($file)) {
            return 'it is no regular file';
        }
        if (!self::folder($aside)) {
            return self::why('no folder can be made beside it');
        }
        @unlink($aside);
        if ($away ? rename($file, $aside) : self::copied($file, $aside)) {
            return '';
        }
        return self::why('it cannot be copied');
    }

    /** Whether there was one; whether OPcache holds it without looking at the disk; whether it is to be gone. */
    private function remember(string $file, bool $clears): string
    {
        $list = dirname(self::aside($file)) . '/' . self::LIST;
        if (!is_dir(dirname($list))) {
            return is_dir(dirname($file)) ? self::why('no folder can be made beside it') : '';
        }
        $held = setting('validate_timestamps', 1) === 0 && function_exists('opcache_is_script_cached') && opcache_is_script_cached($file);
        $known = [$file => ['there' => is_file(self::aside($file)), 'held' => $held, 'clears' => $clears]] + self::known($file);
        return file_put_contents($list, json_encode($known)) ? '' : self::why('nothing can be written beside it');
    }

    /** @return array<string, array{there: bool, held: bool, clears: bool}> what was remembered of the files that are kept in the folder of $file */
    private static function known(string $file): array
    {
        return (array) json_decode((string) @file_get_contents(dirname(self::aside($file)) . '/' . self::LIST), true);
    }

    /** Artisan did not write it again: what OPcache holds of it is as good as before, and is remembered. */
    private static function untouched(string $file): bool
    {
        clearstatcache();
        $aside = self::aside($file);
        return is_file($aside) && is_file($file) && [fileinode($aside), stat($aside)['dev']] === [fileinode($file), stat($file)['dev']];
    }

    /** OPcache compiles *file* at its next use, unless it still holds what it held when that was kept. */
    private static function forget(string $file, bool $compiled): void
    {
        if (function_exists('opcache_invalidate') && ($compiled || !(self::known($file)[$file]['held'] ?? false))) {
            @opcache_invalidate($file, true);
        }
    }

    private static function exchanged(string $file): string
    {
        clearstatcache();
        if (!isset(self::known($file)[$file]) || is_link($file)) {
            return 'it was not kept aside';
        }
        return self::changePlaces($file, self::aside($file));
    }

    /** Either may be missing. Why they don't ('': they do). */
    public static function changePlaces(string $file, string $aside): string
    {
        $between = "$aside.between";
        @unlink($between);
        if (is_file($file) && !(is_file($aside) ? self::copied($file, $between) : rename($file, $between))) {
            return self::why('it cannot be moved');
        }
        $moved = !is_file($aside) || rename($aside, $file); // does nothing where both are names of one file
        $moved && is_file($between) && rename($between, $aside);
        @unlink($between);
        return $moved ? '' : self::why('it cannot be put back');
    }

    /** Why twice the file, and a bit, cannot be written beside it: space, inodes and quota are told by trying only. */
    private function room(string $file): string
    {
        $trial = dirname($file) . '/' . self::FOLDER . '/room';
        $size = min(2 * (is_file($file) ? (int) filesize($file) : 0) + 65536, 64 << 20);
        if (!is_dir(dirname($file))) {
            return '';
        }
        if (!self::folder($trial)) {
            return self::why('no folder can be made beside it');
        }
        $written = file_put_contents($trial, str_repeat("\0", $size));
        @unlink($trial);
        return $written === $size ? '' : self::why('there is no room beside it');
    }

    private static function folder(string $aside): bool
    {
        $folder = dirname($aside);
        return is_dir($folder) ? !is_link($folder) : mkdir($folder, 0700);
    }

    /** A second name has the owner, the mode and the times too; what makes a cache writes a new file. */
    public static function copied(string $file, string $aside): bool
    {
        if (function_exists('link') && @link($file, $aside)) {
            return true;
        }
        if (!copy($file, $aside) || md5_file($file) !== md5_file($aside)) {
            return false;
        }
        function_exists('chmod') && @chmod($aside, fileperms($file) & 07777);
        function_exists('touch') && @touch($aside, filemtime($file));
        return true;
    }

    /** What was there before; nothing, where there was nothing: half a file is never left. */
    private function putBack(string $file): void
    {
        clearstatcache();
        $aside = self::aside($file);
        if (is_file($aside)) {
            rename($aside, $file); // does nothing where both are names of one file
            @unlink($aside);
        } elseif (is_file($file) && !is_link($file) && self::fault($file) !== '') {
            unlink($file);
        }
    }

    private function leave(string $script): void
    {
        $script === '' || @unlink($script);
        foreach ($this->files as $file) {
            @unlink(self::built($file));
        }
        foreach (array_unique(array_map('dirname', array_filter([$script, ...array_map([self::class, 'aside'], $this->files)]))) as $folder) {
            if (array_diff(@scandir($folder) ?: ['?'], ['.', '..'], self::OURS) === []) {
                foreach (self::OURS as $name) {
                    @unlink("$folder/$name");
                }
                @rmdir($folder);
            }
        }
    }

    /** Never PHP's own words: they hold parts of the file. Nothing of it comes into OPcache. */
    private static function fault(string $file): string
    {
        if (is_link($file) || !is_file($file)) {
            return 'it is no regular file';
        }
        $code = (string) @file_get_contents($file);
        if (strncmp($code, '<?php', 5) !== 0) {
            return 'it is no PHP';
        }
        try {
            if (strncmp(basename($file), 'routes', 6) === 0) {
                function_exists('token_get_all') && token_get_all($code, TOKEN_PARSE);
                return '';
            }
            return is_array((static function () use ($code) {
                return eval('?>' . $code);
            })()) ? '' : 'it returns no array';
        } catch (\ParseError $error) {
            return "it does not parse (line {$error->getLine()})";
        } catch (\Throwable $error) {
            return ''; // a class of the application, which only its autoloader knows: artisan has loaded it
        }
    }

    public static function why(string $otherwise): string
    {
        $said = (string) end(Warnings::$seen);
        return preg_match('/Permission denied|No space left on device|Read-only file system|Disk quota exceeded|open_basedir/', $said, $match) ? $match[0] : $otherwise;
    }

    /** Artisan runs in the environment of this worker and in no other; what it makes is built aside. */
    private function environment(string $script): string
    {
        $values = variables();
        if ($values === null) {
            return 'the pool may not tell its environment (disable_functions)';
        }
        if (!self::folder($script)) {
            return self::why('no folder can be made for it');
        }
        foreach (array_combine($this->variables, array_slice($this->files, 0, count($this->variables))) as $name => $file) {
            if (($values[$name] ?? $file) === $file) {
                $values[$name] = self::built($file);
            }
        }
        $pairs = array_map(function (string $file): array {
            return [self::aside($file), $file];
        }, $this->files);
        return written_before($script, [$values, PHP_VERSION, $pairs]) ? '' : self::why('it cannot be written');
    }
}

/** @return array{artefacts: list<array{0: string, 1: string}>} */
function artefacts(string $verb, array $options): array
{
    $paths = array_map('strval', (array) ($options['files'] ?? []));
    $folders = array_values(preg_grep('#/$#', $paths));
    if ($folders !== []) {
        load('kept_folder.php');
        return with_folders($verb, $paths, $folders, $options);
    }
    $artefacts = new Artefacts($paths, (array) ($options['variables'] ?? []));
    $script = (string) ($options['script'] ?? '');
    switch ($verb) {
        case 'keep':
            return ['artefacts' => $artefacts->keep((bool) ($options['away'] ?? false), (bool) ($options['clears'] ?? false), $script)];
        case 'settle':
            return ['artefacts' => $artefacts->settle($script)];
        case 'exchange':
            return ['artefacts' => $artefacts->exchange((bool) ($options['compiled'] ?? false))];
        case 'drop':
            return ['artefacts' => $artefacts->drop($script)];
        default:
            return ['artefacts' => $artefacts->tidy($script)];
    }
}
