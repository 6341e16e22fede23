<?php
// Loaded by runtime.php: cache files are kept aside while artisan makes them again, and put back where it made none that can run.

namespace Stalewatch;

/** The cache files that one artisan writes, and what was there before: beside them, in a folder of the pool's user that nobody else may read. */
final class Artefacts
{
    private const FOLDER = '.stalewatch';
    /** @var list<string> */
    private $files;

    public function __construct(array $files)
    {
        $this->files = array_slice(array_map('strval', $files), 0, 20);
        clearstatcache();
    }

    /** @return list<array{0: string, 1: string}> file, why it is not kept ('': it is, or there is none) */
    public function keep(bool $away, string $script): array
    {
        $told = [];
        foreach ($this->files as $file) {
            $told[] = [$file, $this->room($file) ?: $this->kept($file, $away)];
        }
        if ($script !== '') {
            $told[] = [$script, $this->environment($script)];
        }
        if (array_filter(array_column($told, 1)) !== []) {
            array_map([$this, 'putBack'], $this->files);
            $this->leave($script);
        }
        return $told;
    }

    /** @return list<array{0: string, 1: string}> file, what is wrong with it ('': nothing); if anything is, what was there before is back */
    public function settle(string $script): array
    {
        $told = [];
        foreach ($this->files as $number => $file) {
            $missing = !file_exists($file) && !is_link($file);
            $told[] = [$file, $missing && $number > 0 ? '' : ($missing ? 'it is not there' : self::fault($file))];
        }
        $wrong = array_filter(array_column($told, 1)) !== [];
        foreach ($this->files as $file) {
            $wrong ? $this->putBack($file) : @unlink(self::aside($file));
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
                $whole = file_exists($file) && self::fault($file) === '';
                $became = ($whole ? unlink($aside) : rename($aside, $file)) ? ($whole ? 'removed' : 'put back') : self::why('it is still there');
            }
            $told[] = [$file, $became];
            @unlink(dirname($aside) . '/room');
        }
        $this->leave($script);
        return $told;
    }

    private static function aside(string $file): string
    {
        return dirname($file) . '/' . self::FOLDER . '/' . basename($file);
    }

    private function kept(string $file, bool $away): string
    {
        $aside = self::aside($file);
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
    private static function copied(string $file, string $aside): bool
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
        foreach (array_filter([$script, ...$this->files]) as $file) {
            $file === $script ? @unlink($script) : null;
            @rmdir($file === $script ? dirname($script) : dirname(self::aside($file)));
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

    private static function why(string $otherwise): string
    {
        $said = (string) end(Warnings::$seen);
        return preg_match('/Permission denied|No space left on device|Read-only file system|Disk quota exceeded|open_basedir/', $said, $match) ? $match[0] : $otherwise;
    }

    /**
     * Writes the PHP that runs before artisan and gives it the environment of this worker, and nothing else.
     * It reads the values from its own end, which only this user may read, and removes itself.
     */
    private function environment(string $script): string
    {
        $values = variables();
        if ($values === null) {
            return 'the pool may not tell its environment (disable_functions)';
        }
        if (!self::folder($script)) {
            return self::why('no folder can be made for it');
        }
        @unlink($script);
        $pairs = array_map(function (string $file): array {
            return [self::aside($file), $file];
        }, $this->files);
        $mask = umask(0177);
        $written = @file_put_contents($script, self::BEFORE . base64_encode(serialize([$values, PHP_VERSION, $pairs])));
        umask($mask);
        return $written ? '' : self::why('it cannot be written');
    }

    private const BEFORE = <<<'PHP'
<?php
// Of stalewatch: artisan runs in the environment of the pool.
(static function () {
    $read = unserialize(base64_decode(file_get_contents(__FILE__, false, null, __COMPILER_HALT_OFFSET__)), ['allowed_classes' => false]);
    unlink(__FILE__);
    [$values, $version, $kept] = $read;
    register_shutdown_function(static function () use ($kept) {
        clearstatcache();
        foreach ($kept as [$aside, $file]) {
            is_file($aside) && !file_exists($file) && rename($aside, $file);
        }
    });
    if (strtok(PHP_VERSION, '.') . strtok('.') !== strtok($version, '.') . strtok('.')) {
        fwrite(STDERR, 'this is PHP ' . PHP_VERSION . ", the pool runs PHP $version\n");
        exit(78);
    }
    foreach (array_keys(getenv()) as $name) {
        putenv($name);
        unset($_SERVER[$name], $_ENV[$name]);
    }
    foreach ($values as $name => $value) {
        putenv("$name=$value");
        $_SERVER[$name] = $_ENV[$name] = $value;
    }
})();
__halt_compiler();
PHP;
}

/** @return array{artefacts: list<array{0: string, 1: string}>} */
function artefacts(string $verb, array $options): array
{
    $artefacts = new Artefacts((array) ($options['files'] ?? []));
    $script = (string) ($options['script'] ?? '');
    if ($verb === 'tidy') {
        return ['artefacts' => $artefacts->tidy($script)];
    }
    return ['artefacts' => $verb === 'keep' ? $artefacts->keep((bool) ($options['away'] ?? false), $script) : $artefacts->settle($script)];
}
