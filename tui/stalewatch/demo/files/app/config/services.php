<?php

return [
    'retell' => [
        'key' => env('RETELL_API_KEY'),
        'agent' => env('RETELL_AGENT'),
    ],
];
