<?php

return [
    'driver' => env('SESSION_DRIVER', 'array'),
    'lifetime' => 120,
    'files' => storage_path('framework/sessions'),
    'cookie' => 'lab_session',
    'path' => '/',
    'domain' => null,
    'lottery' => [0, 100],
];
