@extends('layouts.app')
@section('title', 'Appointment')
@section('body')
<p>{{ $appointment->starts_at }}</p>
@endsection
