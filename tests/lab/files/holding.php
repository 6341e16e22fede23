#!/usr/bin/env php
<?php

// Stands in for the long-running commands of packages that Debian does not have (Horizon, Octane, Reverb). It boots the real
// application, holds one class of it as it was then, and lets that say its version whenever it is asked to, until it is ended.
// An Octane server ("octane:start" with workers beside it) holds nothing. LAB_TITLE: what it calls itself, as Swoole's processes do.

$root = is_file(__DIR__.'/artisan') ? __DIR__ : dirname(__DIR__, 2);
require $root.'/vendor/autoload.php';
$app = require $root.'/bootstrap/app.php';
$app->make(Illuminate\Contracts\Console\Kernel::class)->bootstrap();
$job = getenv('LAB_SERVES') === 'no' ? null : new App\Jobs\WriteVersion;
if (getenv('LAB_TITLE')) {
    cli_set_process_title(getenv('LAB_TITLE'));
}
touch('/tmp/lab-holding-'.getmypid());
while (true) {
    usleep(100000);
    clearstatcache();
    if ($job && is_file($root.'/storage/app/ask')) {
        unlink($root.'/storage/app/ask');
        $job->handle();
    }
}
