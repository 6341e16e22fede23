<?php
// Loaded by runtime.php for the verb parse: whether the scripts that would go live can be compiled. Nothing of them is executed or cached.

namespace Stalewatch;

/** The text of a script under another name: what comes from a stream of ours OPcache compiles, and never keeps. */
final class Source
{
    const NAME = 'stalewatch';
    /** @var string */
    public static $text = '';
    /** @var resource|null */
    public $context;
    /** @var int */
    private $at = 0;

    public function stream_open(): bool
    {
        return true;
    }

    public function stream_read(int $count): string
    {
        $read = substr(self::$text, $this->at, $count);
        $this->at += strlen($read);
        return $read;
    }

    public function stream_eof(): bool
    {
        return $this->at >= strlen(self::$text);
    }

    public function stream_stat(): array
    {
        return ['size' => strlen(self::$text)];
    }

    public function stream_set_option(): bool
    {
        return false;
    }

    public function stream_close(): void
    {
    }
}

/** Work that is done until its time is over; what is left of it is what the next request asks for. */
final class Parsing
{
    const SECONDS = 0.05;
    const MAX_TOKENS = 1048576; // bytes: a token takes some 150
    const MAX_SIZE = 16777216; // compiled it takes what it would take live

    /** @var int since when the cache holds what it holds */
    private $since;
    /** @var float */
    private $until;
    /** @var list<string> files and folders that are left out */
    private $without;
    /** @var bool whether OPcache can be asked to compile: that finds more than the tokenizer, and takes less */
    private $compiles;
    /** @var int */
    private $count = 0;
    /** @var list<array{0: string, 1: string, 2: int, 3: string}> path, kind, line, message */
    private $trouble = [];

    public function __construct(int $since, array $without)
    {
        $this->since = $since;
        $this->until = microtime(true) + self::SECONDS;
        $this->compiles = PHP_VERSION_ID >= 80100 && function_exists('opcache_compile_file') && function_exists('stream_wrapper_register')
            && function_exists('ini_set') && function_exists('error_get_last') && stream_wrapper_register(Source::NAME, Source::class);
        if ($this->compiles) {
            ini_set('log_errors', '0');
        }
        $this->without = array_map('strval', $without);
    }

    /**
     * @param list<string> $paths
     * @param list<string> $folders in which the files that came since are parsed, too, where the cache does not hold them
     */
    public function work(array $paths, array $folders): array
    {
        $done = 0;
        $why = $this->unable();
        while ($why === '' && ($paths !== [] || $folders !== []) && ($done++ === 0 || microtime(true) < $this->until)) {
            if ($paths !== []) {
                $this->parse((string) array_pop($paths));
            } else {
                $this->enter((string) array_pop($folders), $paths, $folders);
            }
        }
        return ['count' => $this->count, 'trouble' => $this->trouble, 'paths' => $paths, 'folders' => $folders, 'why' => $why];
    }

    private function unable(): string
    {
        if ($this->compiles || PHP_VERSION_ID >= 80000 ? class_exists('PhpToken', false) : function_exists('token_get_all')) {
            return '';
        }
        return extension_loaded('tokenizer') ? 'disabled' : 'tokenizer';
    }

    private function leftOut(string $path): bool
    {
        foreach ($this->without as $one) {
            if ($path === $one || strncmp($path, "$one/", strlen($one) + 1) === 0) {
                return true;
            }
        }
        return false;
    }

    /** @param list<string> $paths */
    private function enter(string $folder, array &$paths, array &$folders): void
    {
        foreach ($this->leftOut($folder) ? [] : (@scandir($folder) ?: []) as $name) {
            $path = "$folder/$name";
            $stat = in_array($name, ['.', '..', '.stalewatch'], true) ? false : @lstat($path);
            if ($stat !== false && ($stat['mode'] & 0170000) === 0040000) {
                $folders[] = $path;
            } elseif ($stat !== false && $this->isNew($path, $name, $stat)) {
                $paths[] = $path;
            }
        }
    }

    private function isNew(string $path, string $name, array $stat): bool
    {
        return substr($name, -4) === '.php' && substr($name, -10) !== '.blade.php' && $stat['ctime'] >= $this->since
            && ($stat['mode'] & 0170000) === 0100000 && is_readable($path) && !(function_exists('opcache_is_script_cached') && opcache_is_script_cached($path));
    }

    /** Whether it is gone, lives from the cache, and the front script that is still there begins with it. */
    private function neededByAll(string $path): bool
    {
        return preg_match('#^(.*)/(?:vendor/autoload|bootstrap/app)\.php$#', $path, $match) === 1 && !$this->leftOut($path)
            && is_file("$match[1]/public/index.php") && function_exists('opcache_is_script_cached') && opcache_is_script_cached($path);
    }

    private function parse(string $path): void
    {
        $stat = $this->leftOut($path) ? false : @stat($path);
        if ($stat === false) {
            if ($this->neededByAll($path)) {
                $this->count++;
                $this->trouble[] = [$path, 'gone', 0, ''];
            }
            return; // of any other, whether the new code still asks for it is not known
        }
        $this->count++;
        $trouble = $this->unlike($stat);
        $code = $trouble === null ? @file_get_contents($path) : '';
        if ($code === false) {
            $trouble = ['unread', 0, ''];
        } elseif ($trouble === null) {
            $trouble = $this->broken($path, $code);
        }
        if ($trouble !== null) {
            $this->trouble[] = [$path, $trouble[0], $trouble[1], substr($trouble[2], 0, 300)];
        }
    }

    /** @return array{0: string, 1: int, 2: string}|null what keeps this file from being read */
    private function unlike(array $stat): ?array
    {
        if (($stat['mode'] & 0170000) !== 0100000) {
            return ['irregular', 0, ''];
        }
        return $stat['size'] > self::MAX_SIZE ? ['big', 0, ''] : null;
    }

    /** @return array{0: string, 1: int, 2: string}|null */
    private function broken(string $path, string $code): ?array
    {
        if (preg_match('/^(\xff\xfe|\xfe\xff|<\0\?\0|\0<\0\?)/', $code) && !ini_get('zend.multibyte')) {
            return ['utf-16', 0, ''];
        }
        if (trim($code) === '') {
            return ['empty', 0, ''];
        }
        try {
            $compiled = $this->compiles ? $this->compiled($path, $code) : null;
            if ($compiled !== null) {
                return $compiled ?: null;
            }
            if (strlen($code) > self::MAX_TOKENS || !defined('TOKEN_PARSE')) {
                return ['big', 0, ''];
            }
            PHP_VERSION_ID >= 80000 ? \PhpToken::tokenize($code, TOKEN_PARSE) : token_get_all($code, TOKEN_PARSE);
        } catch (\Throwable $error) {
            return ['syntax', $error->getLine(), $error->getMessage()];
        }
        return null;
    }

    /** @return array{0: string, 1: int, 2: string}|array{}|null []: it can run; null: that cannot be told in this way */
    private function compiled(string $path, string $code): ?array
    {
        Source::$text = $code;
        error_clear_last();
        $name = Source::NAME . '://' . $path;
        if (opcache_compile_file($name)) {
            return [];
        }
        $error = error_get_last();
        if ($error === null) {
            $this->compiles = false; // OPcache is off
            return null;
        }
        http_response_code(200);
        $this->until = 0.0; // nothing is compiled after an error that ends a request
        // Two files that declare the same function are never loaded both.
        $other = strpos($error['message'], '(previously declared in ') !== false && strpos($error['message'], "in $name:") === false;
        return $other ? null : ['syntax', $error['line'], str_replace($name, $path, $error['message'])];
    }
}

/** @return list<string> the cached scripts that the disk has otherwise */
function changed_scripts(array $scripts, array $facts): array
{
    $comparison = new Comparison($facts, false);
    $changed = [];
    foreach ($scripts as $path => $script) {
        $path = (string) ($script['full_path'] ?? $path);
        if ($comparison->look($path, $script, false)[0]) {
            $changed[] = $path;
        }
    }
    return $changed;
}

/** @param array<string, array> $scripts all of the cache, where the changed ones are asked for */
function parsed(array $options, array $scripts, array $facts): array
{
    clearstatcache();
    $since = !empty($options['older']) ? 0 : max($facts['start_time'], $facts['last_restart_time']);
    $paths = array_map('strval', (array) ($options['paths'] ?? []));
    if (!empty($options['changed'])) {
        $paths = array_values(array_unique(array_merge($paths, changed_scripts($scripts, $facts))));
    }
    $work = new Parsing($since, (array) ($options['without'] ?? []));
    return ['parsed' => $work->work($paths, array_map('strval', (array) ($options['folders'] ?? [])))];
}
