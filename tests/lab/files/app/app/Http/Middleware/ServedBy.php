<?php

namespace App\Http\Middleware;

use Closure;

class ServedBy
{
    public function handle($request, Closure $next)
    {
        $response = $next($request);
        $response->headers->set('X-Served-By', gethostname().' '.getmypid());

        return $response;
    }
}
