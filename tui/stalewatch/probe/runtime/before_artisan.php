<?php
// Appended to artefacts.php: what artisan is prepended with.

namespace Stalewatch;

/**
 * Gives the environment of $read to the PHP that it is prepended to, and no code that OPcache keeps; when that ends, what is missing is put back.
 * It reads the values from its own end, which only this user may read, and removes itself.
 */
const BEFORE = <<<'PHP'
<?php
// Of stalewatch: artisan runs in the environment of the pool.
(static function () {
    ini_set('opcache.enable', '0'); // the command line's may keep old code in opcache.file_cache, and not check it
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

/** @param array{0: array<string, string>, 1: string, 2: list<array{0: string, 1: string}>} $read variables, PHP version, pairs of copy and file */
function written_before(string $script, array $read): bool
{
    @unlink($script);
    $mask = umask(0177);
    $written = @file_put_contents($script, BEFORE . base64_encode(serialize($read)));
    umask($mask);
    return (bool) $written;
}
