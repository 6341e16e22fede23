<?php

namespace App\Http\Controllers;

use Acme\Greeter\Greeter;
use App\Events\Pinged;
use App\Jobs\WriteVersion;
use Illuminate\Contracts\Container\Container;

/** One answer per cache layer, so that a test can ask what is really in force. */
class LayerController extends Controller
{
    public function config()
    {
        return config('services.retell.version').' '.config('services.retell.agent');
    }

    public function ping()
    {
        return 'pong v1';
    }

    public function event()
    {
        return implode(',', array_filter(event(new Pinged)));
    }

    public function package(Container $container)
    {
        return $container->bound(Greeter::class) ? $container->make(Greeter::class)->greet() : 'no package';
    }

    public function job()
    {
        WriteVersion::dispatch();

        return 'queued';
    }
}
