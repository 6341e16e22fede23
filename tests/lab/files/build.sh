#!/bin/sh
# Builds the known good application once per lab, in a mount namespace of its own.  build.sh TEMPLATE FILES DEPLOY_UID NOW PHP ROOT
# TEMPLATE/srv becomes /srv, because the caches that artisan writes hold absolute paths.
set -eu
template=$1 files=$2 deploy=$3 now=$4 version=$5 root=$6
if [ "$root" != / ]; then
    mount --bind "$root/usr" /usr
    mount --bind "$root/etc" /etc
fi
www=$(id -u www-data)

mkdir -p "$template/srv" "$template/php"
cp -a /etc/php/. "$template/php"
unset $(git rev-parse --local-env-vars)
rm -f "$template/php/$version"/*/conf.d/*-apcu.ini # a state that needs it turns it on
sed "s/@PHP@/$version/" "$files/etc/www.conf" >"$template/php/$version/fpm/pool.d/www.conf"
mount --bind "$template/srv" /srv
cp -r "$files/app" /srv/app
cd /srv/app
chmod -R u=rwX,go=rX .
mv env .env
mv gitignore .gitignore
mv vendor_ vendor
chmod 0755 artisan
mkdir -p database storage/app storage/logs storage/framework/cache/data storage/framework/sessions storage/framework/views bootstrap/cache
chown -R "$deploy:$www" .
chmod 0640 .env

as_deploy() {
    setpriv --reuid="$deploy" --regid="$www" --clear-groups -- "$@"
}
commit() {
    export GIT_AUTHOR_DATE="@$1" GIT_COMMITTER_DATE="@$1"
    as_deploy git add -A
    as_deploy git commit -q -m "$2" --author='Dora Deploy <dora@lab.invalid>'
}
export HOME=/nonexistent GIT_CONFIG_NOSYSTEM=1 GIT_COMMITTER_NAME='Dora Deploy' GIT_COMMITTER_EMAIL=dora@lab.invalid
as_deploy git init -q -b main --template=
sed -i 's/home v1/home v0/' app/Http/Controllers/HomeController.php
commit $((now - 172800)) 'First version'
sed -i 's/home v0/home v1/' app/Http/Controllers/HomeController.php
commit $((now - 7200)) 'Say v1'
as_deploy git tag good
cp -p .git/logs/HEAD .git/logs/main.saved
cp -p .git/logs/refs/heads/main .git/logs/refs/heads/main.saved
sed -i 's/home v1/home v2/' app/Http/Controllers/HomeController.php
sed -i 's/agent-v1/agent-v2/' config/services.php
sed -i '$a Route::get('"'/pong'"', [LayerController::class, '"'ping'"']);' routes/api.php
commit $((now - 3600)) 'Fix the call context'
as_deploy git tag fix
as_deploy git reset -q --hard good
mv .git/logs/main.saved .git/logs/HEAD
mv .git/logs/refs/heads/main.saved .git/logs/refs/heads/main
rm -f .git/ORIG_HEAD
chown -R "$deploy:$deploy" .
chgrp "$www" .env

php -n -d extension=pdo.so -d extension=pdo_sqlite.so -r '
    $db = new PDO("sqlite:/srv/app/database/database.sqlite");
    $db->exec("create table jobs (id integer primary key autoincrement, queue text, payload text, attempts integer,
        reserved_at integer, available_at integer, created_at integer)");
    $db->exec("create table failed_jobs (id integer primary key autoincrement, uuid text unique, connection text, queue text,
        payload text, exception text, failed_at text default current_timestamp)");
'
chown -R "$www:$www" storage bootstrap/cache database
setpriv --reuid="$www" --regid="$www" --clear-groups -- php -r '
    require "/srv/app/vendor/autoload.php";
    $app = require "/srv/app/bootstrap/app.php";
    $kernel = $app->make(Illuminate\Contracts\Console\Kernel::class);
    foreach (["config:cache", "route:cache", "event:cache", "view:cache"] as $command) {
        $kernel->call($command) === 0 || exit(1);
    }
'
cd /
find /srv -exec touch -h -d "@$((now - 7200))" {} +
find /srv/app/bootstrap/cache /srv/app/storage -exec touch -h -d "@$((now - 7140))" {} +
find "$template/php" -exec touch -h -d "@$((now - 86400))" {} +
