<?php

namespace App\Http\Controllers;

use App\Services\CallLifecycleService;
use Illuminate\Http\Request;
use Illuminate\Support\Facades\Log;

class RetellFunctionCallHandler extends Controller
{
    public function __construct(private CallLifecycleService $calls)
    {
    }

    public function handle(Request $request)
    {
        $name = $request->string('name')->value();
        $base = preg_replace('/_v\d+$/', '', $name);
        Log::info('🔧 Function routing', [
            'original_name' => $name, 'base_name' => $base, 'version_stripped' => $name !== $base,
        ]);

        return match ($base) {
            'check_availability' => $this->calls->context($request)->availability(),
            'book_appointment' => $this->calls->context($request)->book(),
            default => throw new \RuntimeException('Call context not found'),
        };
    }
}
