#!/bin/sh
# Makes a host out of fresh namespaces (pid, mount, uts, ipc, cgroup) and becomes its pid 1.  init.sh STATE NAME TREE ROOT
# STATE is the host's directory in the lab, TREE holds its /srv and /etc/php, ROOT the /usr and /etc that are not the host's own. Every mount lives in this mount namespace and ends with it.
set -eu
state=$1 name=$2 tree=$3 root=$4

if [ "$root" != / ]; then
    mount --bind "$root/usr" /usr
    mount --bind "$root/etc" /etc
fi
hostname "$name"
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -o bind /proc/sys /proc/sys
mount -o remount,bind,ro /proc/sys

for file in passwd group shadow nsswitch.conf sudoers hosts hostname machine-id; do
    mount --bind "$state/etc/$file" "/etc/$file"
done
# Debian's sshd obeys these: whom this machine keeps out, the host does not.
for file in hosts.allow hosts.deny; do
    [ ! -e "/etc/$file" ] || mount --bind /dev/null "/etc/$file"
done
mount --bind "$state/etc/ssh" /etc/ssh
mount --bind "$state/etc/sudoers.d" /etc/sudoers.d
mount --bind "$state/etc/systemd" /etc/systemd
mount --bind "$state/units" /lib/systemd/system
mount --bind "$state/home" /home
mount --bind "$tree/srv" /srv
mount --bind "$tree/php" /etc/php

# A private /dev, because systemd makes /dev/log in it.
dev=$state/dev
mount -t tmpfs -o mode=0755,size=64k tmpfs "$dev"
for node in null zero full random urandom tty; do
    : >"$dev/$node"
    mount --bind "/dev/$node" "$dev/$node"
done
mkdir "$dev/pts" "$dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666,mode=0620,gid=5 devpts "$dev/pts"
mount -t tmpfs -o mode=1777 tmpfs "$dev/shm"
ln -s pts/ptmx "$dev/ptmx"
ln -s /proc/self/fd "$dev/fd"
ln -s fd/0 "$dev/stdin"
ln -s fd/1 "$dev/stdout"
ln -s fd/2 "$dev/stderr"
mount --move "$dev" /dev

for directory in /tmp /var/tmp; do
    mount -t tmpfs -o mode=1777 tmpfs "$directory"
done
for directory in /run /var/log; do
    mount -t tmpfs -o mode=0755 tmpfs "$directory"
done
mkdir -p /run/lock
chmod 1777 /run/lock

exec env -i container=stalewatch-lab PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    SYSTEMD_UNIT_PATH=/etc/systemd/system:/run/systemd/system:/lib/systemd/system \
    SYSTEMD_GENERATOR_PATH=/nonexistent SYSTEMD_ENVIRONMENT_GENERATOR_PATH=/nonexistent \
    /lib/systemd/systemd --log-level=warning --show-status=no
