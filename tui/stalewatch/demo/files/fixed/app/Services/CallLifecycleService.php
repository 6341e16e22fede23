<?php

namespace App\Services;

use App\Models\Call;
use Illuminate\Http\Request;

class CallLifecycleService
{
    public function context(Request $request): Call
    {
        $ttl = config('services.retell.context_ttl') ?? throw new \RuntimeException('Call context not found');

        return Call::firstOrCreate(
            ['retell_call_id' => $request->input('call.call_id')],
            ['expires_at' => now()->addSeconds($ttl)],
        );
    }
}
