<!doctype html>
<title>@yield('title')</title>
@yield('body')
