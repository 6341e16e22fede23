<?php

namespace App\Command;

use Psr\Cache\CacheItemPoolInterface;
use Symfony\Component\Console\Attribute\AsCommand;
use Symfony\Component\Console\Command\Command;
use Symfony\Component\Console\Input\InputArgument;
use Symfony\Component\Console\Input\InputInterface;
use Symfony\Component\Console\Output\OutputInterface;

/** Stands in for symfony/messenger, which Debian does not have: holds a class and ends as its StopWorkerOnRestartSignalListener does. */
#[AsCommand('messenger:consume')]
class ConsumeCommand extends Command
{
    public const KEY = 'workers.restart_requested_timestamp';
    private $cache;

    public function __construct(CacheItemPoolInterface $cache)
    {
        parent::__construct();
        $this->cache = $cache;
    }

    protected function configure(): void
    {
        $this->addArgument('receivers', InputArgument::IS_ARRAY);
    }

    protected function execute(InputInterface $input, OutputInterface $output): int
    {
        $started = microtime(true);
        $root = dirname(__DIR__, 2);
        $held = strpos((string) file_get_contents("$root/src/Controller/HomeController.php"), 'home v2') === false ? 'old' : 'new';
        file_put_contents("$root/var/log/held", $held);
        do {
            usleep(100000);
            $asked = $this->cache->getItem(self::KEY);
        } while (!$asked->isHit() || $asked->get() <= $started);

        return 0;
    }
}
