<?php
// Loaded by runtime.php where the configuration is asked for: whether this pool runs what its files on the disk say. Only names leave the
// server, never a value.

namespace Stalewatch;

/** The files on the disk, merged as PHP and FPM merge them, and the settings of this process. */
final class Configuration
{
    private const MAX_SIZE = 262144;
    private const OF_ANY_PROCESS = ['HOME', 'USER', 'LOGNAME', 'PATH', 'PWD', 'OLDPWD', 'SHELL', 'SHLVL', 'LANG', 'TERM', 'TZ', 'HOSTNAME', '_'];
    /** @var array<string, array> */
    private $running;
    /** @var array<string, array{0: string, 1: string, 2: string}> setting => the file that sets it last, its value, the value as written */
    private $ini = [];
    /** @var array<string, array{0: string, 1: string}> directive => the file that sets it last, its value; of this pool and of [global] */
    private $pool = [];
    /** @var array<string, true> files that could be read and parsed */
    private $read = [];

    public function __construct(array $ini, array $files, string $pool)
    {
        $this->running = ini_get_all(null, true) ?: [];
        foreach ($ini as $file) {
            $this->readIni((string) $file);
        }
        foreach ($files as $file) {
            $this->readPool((string) $file, $pool);
        }
    }

    /** @return array{0: string, 1: int, 2: list<string>, 3: list<string>}|null path, how many are alike, which differ, which PHP cannot tell */
    public function look(string $file): ?array
    {
        if (!isset($this->read[$file])) {
            return null;
        }
        $verdicts = [];
        foreach ($this->ini as $name => [$setter, $value, $written]) {
            $verdicts[$name] = $setter === $file && !$this->setByPool($name) ? $this->setting($name, $value, $written) : '';
        }
        foreach ($this->pool as $name => [$setter, $value]) {
            $verdicts[$name] = $setter === $file ? $this->directive($name, $value) : '';
        }
        return [$file, count(array_keys($verdicts, 'alike', true)), $this->named($verdicts, 'differs'), $this->named($verdicts, 'untold')];
    }

    /** @return array<string, string> variables by their names, as this worker has them: the pool's own, and with clear_env=no those of its unit */
    public function environment(): array
    {
        $found = [];
        $own = preg_replace('/^env\[(\w+)\]$/', '$1', array_map('strval', array_keys($this->pool)));
        $others = array_diff(array_map('strval', array_keys(getenv())), self::OF_ANY_PROCESS);
        foreach (array_merge($own, $others) as $name) {
            if (preg_match('/^\w+$/', $name) && is_string($value = getenv($name, true))) {
                $found[$name] = $value;
            }
        }
        return $found;
    }

    private function named(array $verdicts, string $verdict): array
    {
        return array_slice(array_map('strval', array_keys($verdicts, $verdict, true)), 0, 50);
    }

    private function setByPool(string $name): bool
    {
        foreach (['value', 'flag', 'admin_value', 'admin_flag'] as $kind) {
            if (isset($this->pool["php_{$kind}[$name]"])) {
                return true;
            }
        }
        return false;
    }

    /** @return string "" where it changes nothing */
    private function setting(string $name, string $value, string $written): string
    {
        if ($name === 'extension' || $name === 'zend_extension') {
            $extension = preg_replace('/^(php_)?|\.(so|dll)$/', '', basename($value));
            return extension_loaded($extension === 'opcache' ? 'Zend OPcache' : $extension) ? 'alike' : 'untold';
        }
        if (strpos($written, '${') !== false) {
            return 'untold'; // by the environment that the master was started with
        }
        return isset($this->running[$name]) ? $this->compared($name, $value) : '';
    }

    private function directive(string $name, string $value): string
    {
        if (preg_match('/^php_(admin_)?(value|flag)\[(.+)\]$/', $name, $match)) {
            return isset($this->running[$match[3]]) ? $this->compared($match[3], $value) : '';
        }
        if (preg_match('/^env\[(.+)\]$/', $name, $match)) {
            return $value !== '' && $value[0] === '$' ? 'untold' : (getenv($match[1], true) === $value ? 'alike' : 'differs');
        }
        if ($name === 'pm') {
            $status = Scoreboard::told([])[0];
            return is_array($status) ? ($status['process-manager'] === $value ? 'alike' : 'differs') : 'untold';
        }
        return $name === 'user' || $name === 'listen' ? '' : 'untold'; // the answer itself shows these
    }

    private function compared(string $name, string $value): string
    {
        [$running, $value] = [self::plain((string) $this->running[$name]['global_value']), self::plain($value)];
        return $running === $value || (is_numeric($running) && is_numeric($value) && $running == $value) ? 'alike' : 'differs';
    }

    private static function plain(string $value): string
    {
        $value = trim($value);
        if (in_array(strtolower($value), ['', '0', 'off', 'no', 'false', 'none', 'null'], true)) {
            return '';
        }
        return in_array(strtolower($value), ['on', 'yes', 'true'], true) ? '1' : $value;
    }

    /** @return array<string, mixed>|null */
    private static function parsed(string $file, int $mode): ?array
    {
        $found = is_file($file) && filesize($file) <= self::MAX_SIZE ? @parse_ini_file($file, true, $mode) : false;
        return $found === false ? null : $found;
    }

    private function readIni(string $file): void
    {
        $found = self::parsed($file, INI_SCANNER_NORMAL);
        $written = self::parsed($file, INI_SCANNER_RAW);
        if ($found === null || $written === null) {
            return;
        }
        $this->read[$file] = true;
        foreach (self::loaded($file) ? $found : [] as $section => $value) {
            if (!is_array($value)) {
                $this->ini[$section] = [$file, (string) $value, (string) ($written[$section] ?? '')];
            } elseif (!preg_match('/^(PATH|HOST)\s*=/', (string) $section)) {
                foreach ($value as $name => $one) {
                    if (!is_array($one)) {
                        $this->ini[$name] = [$file, (string) $one, (string) ($written[$section][$name] ?? '')];
                    }
                }
            }
        }
    }

    /** Whether it is one of the ini files of this PHP, or lies beside them: another one says nothing of what runs. */
    private static function loaded(string $file): bool
    {
        $scanned = array_filter(array_map('trim', explode(',', (string) php_ini_scanned_files())));
        $folders = array_map('dirname', $scanned) + ['scan' => PHP_CONFIG_FILE_SCAN_DIR];
        return $file === php_ini_loaded_file() || in_array(dirname($file), $folders, true);
    }

    private function readPool(string $file, string $pool): void
    {
        $found = self::parsed($file, INI_SCANNER_NORMAL);
        if ($found === null) {
            return;
        }
        $this->read[$file] = true;
        foreach (['global', $pool] as $section) {
            foreach (is_array($found[$section] ?? null) ? $found[$section] : [] as $name => $value) {
                foreach (is_array($value) ? $value : ['' => $value] as $key => $one) {
                    $directive = $key === '' ? (string) $name : "{$name}[$key]";
                    $this->pool[$directive] = [$file, str_replace('$pool', $pool, (string) $one)];
                }
            }
        }
    }
}

/** @return array{configuration?: list<array>, environment?: list<array>} nothing: this pool may not parse files, or not tell its settings */
function configuration(array $options): array
{
    if (!function_exists('parse_ini_file') || !function_exists('ini_get_all') || !function_exists('getenv')) {
        return [];
    }
    $configuration = new Configuration((array) ($options['ini'] ?? []), (array) ($options['files'] ?? []), (string) ($options['pool'] ?? ''));
    return ['configuration' => array_values(array_filter(array_map(function ($file) use ($configuration): ?array {
        return $configuration->look((string) $file);
    }, array_slice((array) ($options['asked'] ?? []), 0, 100)))), 'environment' => environment($configuration, (array) ($options['caches'] ?? []))];
}

/**
 * Variables of the pool that a cached configuration of Laravel holds another value of.
 *
 * @param list<array{0: string, 1: string}> $caches cached configuration, folder of its sources
 * @return list<array{0: string, 1: list<string>, 2: list<string>}>|null cache, names whose value is another one, names whose value is not
 * in it; null: one of them is longer than is compared
 */
function environment(Configuration $configuration, array $caches): ?array
{
    $variables = $configuration->environment();
    $found = [];
    foreach ($caches as [$cache, $folder]) {
        if ($variables === [] || !is_file($cache)) {
            continue;
        }
        if (filesize($cache) > MAX_CACHED) {
            return null;
        }
        $cached = @file_get_contents($cache);
        $sources = '';
        foreach ($cached !== false && function_exists('glob') ? (glob("$folder/{*,*/*}.php", GLOB_BRACE) ?: []) : [] as $source) {
            $sources .= is_file($source) ? (string) @file_get_contents($source, false, null, 0, MAX_CACHED) : '';
            if (strlen($sources) >= MAX_CACHED) {
                return null;
            }
        }
        if ($sources === '') {
            continue;
        }
        $differs = $unlike = [];
        foreach ($variables as $name => $value) {
            $call = 'env\(\s*[\'"]' . preg_quote($name, '/') . '[\'"]';
            if (!preg_match("/$call/", $sources)) {
                continue;
            }
            $exported = exported($value);
            // A value that is taken as it is stands behind its key; what is made of another one has it in it somewhere.
            if (preg_match_all("/['\"]([\w.-]+)['\"]\s*=>\s*$call\s*(?:,[^()\[\],]*)?\)\s*[,\]\n]/", $sources, $keys)) {
                $alike = array_filter($keys[1], function (string $key) use ($exported, $cached): bool {
                    return strpos($cached, "'$key' => $exported,") !== false;
                });
                $alike === [] && $differs[] = $name;
            } elseif ($exported[0] === "'" && strpos($cached, trim($exported, "'")) === false) {
                $unlike[] = $name;
            }
        }
        $found[] = [$cache, $differs, $unlike];
    }
    return $found;
}

/** @return string what Laravel's env() makes of a variable, as var_export() writes it */
function exported(string $value): string
{
    $words = ['true' => 'true', '(true)' => 'true', 'false' => 'false', '(false)' => 'false', 'null' => 'NULL', '(null)' => 'NULL', 'empty' => "''", '(empty)' => "''"];
    return $words[strtolower($value)] ?? var_export(preg_replace('/\A([\'"])(.*)\1\z/s', '$2', $value), true);
}
