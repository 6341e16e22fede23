<?php

namespace App\Jobs;

use Illuminate\Bus\Queueable;
use Illuminate\Contracts\Queue\ShouldQueue;
use Illuminate\Foundation\Bus\Dispatchable;

class WriteVersion implements ShouldQueue
{
    use Dispatchable, Queueable;

    public function handle()
    {
        file_put_contents(storage_path('app/job.txt'), "job v1\n", FILE_APPEND);
    }
}
