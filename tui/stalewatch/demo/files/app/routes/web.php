<?php

use App\Http\Controllers\AppointmentController;
use Illuminate\Support\Facades\Route;

Route::get('/appointments/{appointment}', [AppointmentController::class, 'show']);
