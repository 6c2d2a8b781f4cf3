#!/vm/busybox sh
# Process 1 of the virtual machine's real root: mounts what Debian mounts, does the work, switches
# off.
b=/vm/busybox
. /vm/settings
$b mount -t proc proc /proc
$b mount -o remount,rw /
# The host's set-up may be an ordinary user's.
$b chown -hR 0:0 /usr /vm /etc /var /root "$CLONE"
$b mount -t sysfs sysfs /sys
$b mount -t devtmpfs dev /dev
$b mkdir -p /dev/pts /dev/shm
$b mount -t devpts -o mode=620,ptmxmode=666 devpts /dev/pts
$b mount -t tmpfs -o mode=1777 shm /dev/shm
$b mount -t tmpfs -o mode=755 run /run
$b mount -t cgroup2 cgroup2 /sys/fs/cgroup
$b mount -t securityfs securityfs /sys/kernel/security
$b ip link set lo up
$b sh /vm/work.sh
$b poweroff -f
