#!/bin/busybox sh
# Finds the disk and goes on there.
b=/bin/busybox
$b mount -t devtmpfs dev /dev
$b insmod /virtio_blk.ko
until [ -b /dev/vda ]; do $b sleep 0.05; done
$b mount -t ext4 /dev/vda /root
$b umount /dev
exec $b switch_root /root /vm/init
