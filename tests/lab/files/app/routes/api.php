<?php

use App\Http\Controllers\LayerController;
use Illuminate\Support\Facades\Route;

Route::get('/ping', [LayerController::class, 'ping']);
