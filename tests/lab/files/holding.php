#!/usr/bin/env php
<?php

// Stands in for the long-running commands of packages that Debian does not have (Horizon, Octane, Reverb). It boots the real
// application, holds one class of it as it was then, and lets that say its version whenever it is asked to, until it is ended.
// An Octane server ("octane:start" with workers beside it) holds nothing. LAB_TITLE: what it calls itself, as Swoole's processes do.
// The commands that restart them end those that hold, as far as their user may; any other command of artisan is Laravel's own.

$root = is_file(__DIR__.'/artisan') ? __DIR__ : dirname(__DIR__, 2);
require $root.'/vendor/autoload.php';
$app = require $root.'/bootstrap/app.php';
$kernel = $app->make(Illuminate\Contracts\Console\Kernel::class);
$kernel->bootstrap();
$restarts = ['horizon:terminate' => 'artisan horizon', 'octane:reload' => 'vendor/bin/', 'reverb:restart' => 'artisan reverb:'];
$command = implode(' ', array_merge([substr(realpath($argv[0]), strlen(realpath($root)) + 1)], array_slice($argv, 1)));
if (isset($restarts[$argv[1] ?? ''])) {
    foreach (glob('/tmp/lab-holding-*') as $mark) {
        if (strncmp(file_get_contents($mark), $restarts[$argv[1]], strlen($restarts[$argv[1]])) === 0) {
            posix_kill((int) substr($mark, 17), SIGTERM);
        }
    }
    exit(0);
}
if (basename($argv[0]) === 'artisan' && !preg_match('/^(horizon(:supervisor|:work)?|octane:start|reverb:start|queue:work)$/', $argv[1] ?? '')) {
    exit($kernel->handle(new Symfony\Component\Console\Input\ArgvInput, new Symfony\Component\Console\Output\ConsoleOutput));
}
$job = getenv('LAB_SERVES') === 'no' ? null : new App\Jobs\WriteVersion;
if (getenv('LAB_TITLE')) {
    cli_set_process_title(getenv('LAB_TITLE'));
}
file_put_contents('/tmp/lab-holding-'.getmypid(), $command);
while (true) {
    usleep(100000);
    clearstatcache();
    if ($job && is_file($root.'/storage/app/ask')) {
        unlink($root.'/storage/app/ask');
        $job->handle();
    }
}
