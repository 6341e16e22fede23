@extends('layout')
@section('content')
view v1 on {{ $host }}
@endsection
