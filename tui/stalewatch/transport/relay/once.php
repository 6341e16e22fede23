<?php
# Sends one request to a socket (a path or HOST:PORT), as often as it has to until somebody listens, and says the answer in base64.
$address = trim(fgets(STDIN));
$request = base64_decode(fgets(STDIN));
$url = $address[0] === "/" ? "unix://$address" : "tcp://$address";
for ($left = 30; !($socket = @stream_socket_client($url, $code, $why, 5)) && $left > 0; $left--) {
    sleep(1);
}
if ($socket) {
    stream_set_timeout($socket, 60);
    fwrite($socket, $request);
    echo base64_encode(stream_get_contents($socket, 4194304)), "\n";
}
