#!/vm/busybox sh
# Process 1 of the virtual machine's real root: mounts what Debian mounts, does the work (phases in
# order, the lanes of a phase side by side, the steps of a lane in order), hands everything that
# they printed to the host, and switches off.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb NO_COLOR=1
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

lane() {
  for step in "$1"/*; do
    out=/vm/out/${step#/vm/work/}
    $b mkdir -p "$out"
    $b timeout "$STEP_SECONDS" /bin/sh "$step" > "$out/output" 2>&1
    status=$?
    echo "$status" > "$out/status"
    echo "$($b cut -d. -f1 /proc/uptime) s: ${step#/vm/work/} ended with status $status"
  done
}
for phase in /vm/work/*; do
  lanes=
  for folder in "$phase"/*; do lane "$folder" & lanes="$lanes $!"; done
  wait $lanes
done
$b tar cf - -C /vm/out . > /dev/vport0p1
$b sync
$b poweroff -f
