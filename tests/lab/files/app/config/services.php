<?php

return [
    'retell' => [
        'version' => env('RETELL_VERSION', 'none'),
        'agent' => 'agent-v1',
    ],
];
