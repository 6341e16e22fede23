<?php

namespace App\Providers;

use App\Events\Pinged;
use App\Listeners\AnswerPing;
use Illuminate\Foundation\Support\Providers\EventServiceProvider as ServiceProvider;

class EventServiceProvider extends ServiceProvider
{
    protected $listen = [
        Pinged::class => [AnswerPing::class],
    ];
}
