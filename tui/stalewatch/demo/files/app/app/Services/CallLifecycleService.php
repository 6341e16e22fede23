<?php

namespace App\Services;

use App\Models\Call;
use Illuminate\Http\Request;

class CallLifecycleService
{
    public function context(Request $request): Call
    {
        return Call::where('retell_call_id', $request->input('call.call_id'))->firstOrFail();
    }
}
