<?php

namespace App\Providers;

use App\Services\CallLifecycleService;
use Illuminate\Support\ServiceProvider;

class AppServiceProvider extends ServiceProvider
{
    public function register(): void
    {
        $this->app->scoped(CallLifecycleService::class);
    }
}
