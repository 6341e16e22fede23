<?php

use App\Http\Controllers\AppointmentController;
use App\Http\Controllers\HealthController;
use App\Http\Controllers\RetellFunctionCallHandler;
use Illuminate\Support\Facades\Route;

Route::get('/health', HealthController::class);
Route::get('/appointments', [AppointmentController::class, 'index']);
Route::post('/retell/function-call', [RetellFunctionCallHandler::class, 'handle']);
Route::post('/retell/function-call/{version}', [RetellFunctionCallHandler::class, 'handle'])->where('version', 'v\d+');
