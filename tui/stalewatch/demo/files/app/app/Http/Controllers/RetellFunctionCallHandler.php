<?php

namespace App\Http\Controllers;

use App\Services\CallLifecycleService;
use Illuminate\Http\Request;

class RetellFunctionCallHandler extends Controller
{
    public function __construct(private CallLifecycleService $calls)
    {
    }

    public function handle(Request $request)
    {
        $name = $request->string('name')->value();

        return match ($name) {
            'check_availability' => $this->calls->context($request)->availability(),
            'book_appointment' => $this->calls->context($request)->book(),
            default => throw new \RuntimeException('Call context not found'),
        };
    }
}
