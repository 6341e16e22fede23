<?php

namespace Acme\Greeter;

class Greeter
{
    public function greet(): string
    {
        return 'greeter v1';
    }
}
