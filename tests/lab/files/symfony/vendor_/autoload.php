<?php
require_once '/usr/share/php/Composer/InstalledVersions.php'; // Symfony 6 asks it what is installed
require_once '/usr/share/php/Symfony/Bundle/FrameworkBundle/autoload.php';
require_once '/usr/share/php/Symfony/Component/Yaml/autoload.php';
require_once '/usr/share/php/Symfony/Component/Dotenv/autoload.php';
require_once '/usr/share/php/Symfony/Component/Console/autoload.php';
spl_autoload_register(static function (string $class): void {
    if (strncmp($class, 'App\\', 4) === 0 && is_file($file = __DIR__.'/../src/'.strtr(substr($class, 4), '\\', '/').'.php')) {
        require $file;
    }
});
