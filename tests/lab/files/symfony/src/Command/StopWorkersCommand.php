<?php

namespace App\Command;

use Psr\Cache\CacheItemPoolInterface;
use Symfony\Component\Console\Attribute\AsCommand;
use Symfony\Component\Console\Command\Command;
use Symfony\Component\Console\Input\InputInterface;
use Symfony\Component\Console\Output\OutputInterface;

/** Stands in for symfony/messenger's command of this name, with its key. */
#[AsCommand('messenger:stop-workers')]
class StopWorkersCommand extends Command
{
    private $cache;

    public function __construct(CacheItemPoolInterface $cache)
    {
        parent::__construct();
        $this->cache = $cache;
    }

    protected function execute(InputInterface $input, OutputInterface $output): int
    {
        $item = $this->cache->getItem(ConsumeCommand::KEY);
        $item->set(microtime(true));
        $this->cache->save($item);

        return 0;
    }
}
