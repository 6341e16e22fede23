<?php

namespace App\Http;

use App\Http\Middleware\ServedBy;
use Illuminate\Foundation\Http\Kernel as HttpKernel;
use Illuminate\Routing\Middleware\SubstituteBindings;

class Kernel extends HttpKernel
{
    protected $middleware = [ServedBy::class];

    protected $middlewareGroups = [
        'web' => [SubstituteBindings::class],
        'api' => [SubstituteBindings::class],
    ];
}
