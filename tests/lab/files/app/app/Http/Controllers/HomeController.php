<?php

namespace App\Http\Controllers;

class HomeController extends Controller
{
    public function index()
    {
        return response('home v1', 200, ['Content-Type' => 'text/plain']);
    }

    public function view()
    {
        return view('home', ['host' => gethostname()]);
    }

    public function sleep(int $seconds)
    {
        $end = microtime(true) + $seconds;
        while (microtime(true) < $end) {
            usleep(20000);
        }

        return "slept $seconds";
    }
}
