<?php

// For Deployer 7 (PHP 8): require it in deploy.php, after the recipe. `dep deploy` then fails where a server does not run what was deployed.
//
// stalewatch runs where dep runs, and reaches each host as ssh does. In CI, the environment may bring the key and the known hosts:
// SSH_PRIVATE_KEY and SSH_KNOWN_HOSTS themselves, or the files SSH_PRIVATE_KEY_FILE and SSH_KNOWN_HOSTS_FILE.

namespace Deployer;

set('stalewatch', 'stalewatch');
set('stalewatch_wait', (int) (getenv('GATE_WAIT') ?: 60)); // seconds that a server has to become fresh by itself

/** A line of ssh_config for a secret of the environment, copied to a file of mode 0600; '' where there is none. */
function stalewatch_secret(string $setting, string $variable, string $folder): string
{
    $content = (string) getenv($variable);
    $file = (string) getenv("{$variable}_FILE");
    if ($content === '' && $file === '') {
        return '';
    }
    $content = $content === '' ? (string) file_get_contents($file) : str_replace("\r", '', $content) . "\n";
    file_put_contents("$folder/$variable", $content);
    return "    $setting \"$folder/$variable\"\n";
}

/** `-F FILE` where the environment has a key or known hosts; they are removed when dep ends. */
function stalewatch_ssh(): string
{
    $umask = umask(077);
    $folder = sys_get_temp_dir() . '/stalewatch-' . bin2hex(random_bytes(8));
    mkdir($folder, 0700);
    register_shutdown_function(function () use ($folder): void {
        array_map('unlink', glob("$folder/*") ?: []);
        rmdir($folder);
    });
    $lines = stalewatch_secret('IdentityFile', 'SSH_PRIVATE_KEY', $folder) . stalewatch_secret('UserKnownHostsFile', 'SSH_KNOWN_HOSTS', $folder);
    $own = getenv('HOME') . '/.ssh/config';
    $include = is_readable($own) ? "Include \"$own\"\n" : '';
    file_put_contents("$folder/ssh_config", "Host *\n    StrictHostKeyChecking yes\n$lines$include");
    umask($umask);
    return $lines === '' ? '' : '-F ' . escapeshellarg("$folder/ssh_config");
}

function stalewatch_target(): string
{
    $host = currentHost();
    $user = (string) $host->getRemoteUser();
    $port = (string) $host->getPort();
    return escapeshellarg(($user === '' ? '' : "$user@") . $host->getHostname() . ($port === '' ? '' : ":$port"));
}

desc('Remembers what is cached, so that the check after the deploy can prove what is stale');
task('stalewatch:mark', function (): void {
    runLocally('{{stalewatch}} mark ' . stalewatch_ssh() . ' ' . stalewatch_target() . ' || true');
});

desc('Fails unless the server runs what is on its disk');
task('stalewatch:check', function (): void {
    runLocally('{{stalewatch}} check --wait {{stalewatch_wait}} ' . stalewatch_ssh() . ' ' . stalewatch_target(), timeout: 300);
});

before('deploy:symlink', 'stalewatch:mark');
after('deploy:success', 'stalewatch:check'); // after whatever reloads PHP-FPM
