<?php

use App\Http\Controllers\HomeController;
use App\Http\Controllers\LayerController;
use Illuminate\Support\Facades\Route;

Route::get('/', [HomeController::class, 'index']);
Route::get('/view', [HomeController::class, 'view']);
Route::get('/sleep/{seconds}', [HomeController::class, 'sleep']);
Route::get('/config', [LayerController::class, 'config']);
Route::get('/event', [LayerController::class, 'event']);
Route::get('/package', [LayerController::class, 'package']);
Route::get('/job', [LayerController::class, 'job']);
