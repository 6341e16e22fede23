<?php

namespace App\Listeners;

use App\Events\Pinged;

class AnswerPing
{
    public function handle(Pinged $event)
    {
        return 'listened v1';
    }
}
