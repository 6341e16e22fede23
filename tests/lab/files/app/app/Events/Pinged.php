<?php

namespace App\Events;

class Pinged
{
}
