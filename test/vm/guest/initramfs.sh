#!/bin/busybox sh
# Finds the disk, copies there what is to be added, and goes on there.
b=/bin/busybox
$b mount -t devtmpfs dev /dev
for driver in /drivers/*; do $b insmod "$driver"; done
until [ -b /dev/vda ]; do $b sleep 0.05; done
$b mount -t ext4 /dev/vda /root
if [ -d /added ]; then
  $b rm -rf /root/vm/work
  $b cp -a /added/. /root
fi
$b umount /dev
exec $b switch_root /root /vm/init
