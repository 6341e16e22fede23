<?php

namespace App\Controller;

use Symfony\Bundle\FrameworkBundle\Controller\AbstractController;
use Symfony\Component\HttpFoundation\Response;

class HomeController extends AbstractController
{
    public function home(): Response
    {
        return new Response('home v1, '.$this->getParameter('answer'));
    }
    public function next(): Response
    {
        return new Response('next');
    }
}
