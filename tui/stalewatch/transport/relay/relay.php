<?php
$nonce = trim((string) fgets(STDIN));
$open = array();
$rest = array();
$tell = function ($what) use ($nonce) {
    fwrite(STDOUT, "\n$nonce $what\n");
};
set_error_handler(function () {
    return true;
});
$tell('0 ready');
$heard = time();
while (time() - $heard < 30) {
    $read = $open + array('in' => STDIN);
    $write = array_intersect_key($open, array_filter($rest, 'strlen'));
    $none = null;
    if (stream_select($read, $write, $none, 10) === false) {
        break;
    }
    foreach ($write as $id => $socket) {
        $sent = fwrite($socket, $rest[$id]);
        $rest[$id] = $sent === false ? '' : (string) substr($rest[$id], $sent);
    }
    foreach ($read as $id => $socket) {
        if ($id === 'in') {
            $line = fgets(STDIN);
            if ($line === false) {
                exit;
            }
            $heard = time();
            $words = explode(' ', trim($line));
            $id = $words[0];
            if (isset($words[2])) {
                $address = base64_decode($words[1]);
                $address = ($address[0] === '/' ? 'unix://' : 'tcp://') . $address;
                $socket = stream_socket_client($address, $number, $text, 3);
                if ($socket) {
                    stream_set_blocking($socket, false);
                    $open[$id] = $socket;
                    $rest[$id] = base64_decode($words[2]);
                } else {
                    $tell("$id !$text");
                }
            } elseif (isset($open[$id])) {
                fclose($open[$id]);
                unset($open[$id], $rest[$id]);
            }
        } elseif (isset($open[$id])) {
            $data = fread($socket, 32768);
            if ($data !== false && $data !== '') {
                $tell("$id +" . base64_encode($data));
            } elseif ($data === false || feof($socket)) {
                $tell("$id .");
                fclose($socket);
                unset($open[$id], $rest[$id]);
            }
        }
    }
}
