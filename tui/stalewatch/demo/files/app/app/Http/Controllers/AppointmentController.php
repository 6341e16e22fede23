<?php

namespace App\Http\Controllers;

use App\Models\Appointment;

class AppointmentController extends Controller
{
    public function index()
    {
        return Appointment::query()->whereDate('starts_at', today())->get();
    }

    public function show(Appointment $appointment)
    {
        return view('appointment', ['appointment' => $appointment]);
    }
}
