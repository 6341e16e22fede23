<!doctype html>
<title>lab</title>
<p>@yield('content')</p>
