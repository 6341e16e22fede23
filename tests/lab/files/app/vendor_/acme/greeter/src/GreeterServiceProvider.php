<?php

namespace Acme\Greeter;

use Illuminate\Support\ServiceProvider;

class GreeterServiceProvider extends ServiceProvider
{
    public function register()
    {
        $this->app->singleton(Greeter::class);
    }
}
