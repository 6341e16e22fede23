<?php
// Loaded by runtime.php for the verb remake: whether this pool would make the configuration that artisan has cached. It runs the
// application's own code, as config:cache does. Only names of keys leave the server, never a value.

namespace Stalewatch;

/** Thrown where enough of the application is made. */
final class Enough extends \Exception
{
}

/** One application, whose configuration is made without its cache and without OPcache: from the files on the disk. */
final class Remade
{
    const SECONDS = 15;
    private const SHOWN = 10;
    private const CONFIGURED = 'Illuminate\Foundation\Bootstrap\LoadConfiguration';
    private const OF_A_REQUEST = '/^(HTTP|REQUEST|SERVER|REMOTE|SCRIPT|DOCUMENT|GATEWAY|QUERY|PATH)_/';
    private const BOOTED = 'Illuminate\Foundation\Bootstrap\BootProviders';
    /** @var string */
    private $root;
    /** @var array<string, string> what a visitor's request has, and a command has not */
    private $request;

    public function __construct(string $root, array $request)
    {
        $this->root = $root;
        $this->request = array_map('strval', $request);
    }

    /** @return array{0: list<string>, 1: int, 2: string} keys of another value, how many more there are, why it is not known ('': it is) */
    public function compared(string $cache): array
    {
        if (!is_file("$this->root/bootstrap/app.php")) {
            return [[], 0, 'application'];
        }
        if (!self::fromTheDisk()) {
            return [[], 0, 'opcache'];
        }
        try {
            $this->asVisited();
            $made = $this->made(self::CONFIGURED);
            $cached = (static function () use ($cache) {
                return require $cache;
            })();
            $others = self::others($made, is_array($cached) ? $cached : []);
            if ($others !== []) { // what the providers set is set at each request
                $this->asCommand();
                $others = self::alike($others, $made, $this->made(self::BOOTED));
            }
            if ($others !== []) { // random, or of this moment or request
                usleep((int) (1e6 * (1 - fmod(microtime(true), 1))) + 1000);
                $others = self::alike($others, $made, $this->made(self::CONFIGURED));
            }
        } catch (\Throwable $error) {
            return [[], 0, 'thrown'];
        }
        $names = array_map(function (array $way): string {
            return implode('.', $way);
        }, $others);
        return [array_slice($names, 0, self::SHOWN), max(count($names) - self::SHOWN, 0), ''];
    }

    /** FPM may hold old bytecode of the files that the configuration is made of. */
    private static function fromTheDisk(): bool
    {
        if (!filter_var(ini_get('opcache.enable'), FILTER_VALIDATE_BOOLEAN)) {
            return true;
        }
        return function_exists('ini_set') && ini_set('opcache.enable', '0') !== false;
    }

    private function asVisited(): void
    {
        unset($_SERVER['STALEWATCH'], $_SERVER['CONTENT_TYPE'], $_SERVER['CONTENT_LENGTH']);
        $_SERVER = $this->request + $_SERVER;
        $folder = (string) ($this->request['DOCUMENT_ROOT'] ?? '');
        @chdir($folder);
        $own = "$folder/" . ini_get('user_ini.filename');
        foreach (is_file($own) && function_exists('parse_ini_file') ? (@parse_ini_file($own) ?: []) : [] as $name => $value) {
            is_string($value) && @ini_set((string) $name, $value);
        }
        $_SERVER['APP_CONFIG_CACHE'] = $_ENV['APP_CONFIG_CACHE'] = __DIR__ . '/none.php';
        defined('LARAVEL_START') || define('LARAVEL_START', microtime(true));
    }

    private function asCommand(): void
    {
        foreach (array_keys($this->request) as $name) {
            if (preg_match(self::OF_A_REQUEST, (string) $name)) {
                unset($_SERVER[$name]);
            }
        }
        $_SERVER['APP_RUNNING_IN_CONSOLE'] = $_ENV['APP_RUNNING_IN_CONSOLE'] = 'true';
    }

    /** @return array<mixed> the configuration once the application has come as far as $last */
    private function made(string $last): array
    {
        is_file("$this->root/vendor/autoload.php") && require_once "$this->root/vendor/autoload.php";
        $app = require "$this->root/bootstrap/app.php";
        $app->afterBootstrapping($last, static function (): void {
            throw new Enough();
        });
        try {
            $app->make('Illuminate\Contracts\Console\Kernel')->bootstrap();
        } catch (Enough $enough) {
        }
        set_error_handler([Warnings::class, 'catch']);
        return $app->make('config')->all();
    }

    /** @return list<list<int|string>> the ways to what differs */
    private static function others(array $made, array $cached, array $way = []): array
    {
        $found = [];
        foreach ($made + $cached as $key => $unused) {
            $here = array_merge($way, [$key]);
            [$one, $other] = [self::at($made, [$key]), self::at($cached, [$key])];
            if ($one !== $other && isset($one[0], $other[0]) && is_array($one[0]) && is_array($other[0])) {
                $found = array_merge($found, self::others($one[0], $other[0], $here));
            } elseif (!self::same($one, $other)) {
                $found[] = $here;
            }
        }
        return $found;
    }

    /** @return list<list<int|string>> those of $ways at which two configurations are the same */
    private static function alike(array $ways, array $made, array $again): array
    {
        return array_values(array_filter($ways, function (array $way) use ($made, $again): bool {
            return self::same(self::at($made, $way), self::at($again, $way));
        }));
    }

    /** @return array{0?: mixed} what is there; nothing where there is nothing */
    private static function at(array $values, array $way): array
    {
        foreach ($way as $key) {
            if (!is_array($values) || !array_key_exists($key, $values)) {
                return [];
            }
            $values = $values[$key];
        }
        return [$values];
    }

    /** Objects are alike where they are written alike; what cannot be written was not cached. */
    private static function same(array $one, array $other): bool
    {
        return $one === $other || var_export($one, true) === var_export($other, true);
    }
}

/** @return array{remade: array{0: list<string>, 1: int, 2: string}} */
function remade(array $options): array
{
    $over = false;
    register_shutdown_function(function () use (&$over): void {
        if (!$over) { // the application ended the request
            clean();
            $begun = ['stalewatch' => 1, 'verb' => 'remake', 'sapi' => PHP_SAPI, 'php' => PHP_VERSION, 'now' => microtime(true)];
            echo json_encode($begun + ['opcache' => (object) [], 'remade' => [[], 0, 'ended']]), "\n";
        }
    });
    function_exists('set_time_limit') && @set_time_limit(Remade::SECONDS);
    ob_start();
    $remade = new Remade((string) ($options['root'] ?? ''), (array) ($options['request'] ?? []));
    $told = $remade->compared((string) ($options['cache'] ?? ''));
    clean();
    $over = true;
    return ['remade' => $told];
}

/** Takes back what the application has said and sent. */
function clean(): void
{
    while (ob_get_level() > 0 && ob_end_clean()) {
    }
    if (!headers_sent()) {
        header_remove();
        http_response_code(200);
    }
}
