#!/bin/busybox sh
# The first and only program of the tests' guest: loads its drivers and answers questions on its serial port with what
# the guest itself sees. Words and figures come from /proc and /sys; nothing is told to it from outside.
/bin/busybox mkdir -p /proc /sys /dev /used
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
for module in $(cat /modules/order); do insmod "/modules/$module"; done

# A processor that is plugged in has to be switched on, once: what udev does elsewhere.
(
    known=
    while sleep 0.2; do
        here=
        for cpu in /sys/devices/system/cpu/cpu[0-9]*; do
            here="$here $cpu "
            case $known in *" $cpu "*) ;; *) echo 1 >"$cpu/online" ;; esac
        done
        known=$here
    done
) 2>/dev/null &

# The power button shuts down properly. A press is the first thing that can be read.
for button in /dev/input/event*; do
    (head -c 1 "$button" >/dev/null && poweroff -f) 2>/dev/null &
done

report() {
    cpus=$(grep -c ^processor /proc/cpuinfo)
    memory=$(sed -n 's/^MemTotal: *\([0-9]*\) kB/\1/p' /proc/meminfo)
    disk=$(($(cat /sys/block/vda/size) * 512))
    echo "guest $1: cpus=$cpus memory_kib=$memory disk_bytes=$disk"
}

exec <>/dev/ttyS0 >&0 2>/dev/null
stty raw -echo
echo "guest ready"
while read -r question number rest; do
    case $question in
        report) report "$number" ;;
        show)
            for command in "nproc" "grep MemTotal /proc/meminfo" "blockdev --getsize64 /dev/vda"; do
                echo "~ # $command"
                $command
            done
            echo "guest $number: shown"
            ;;
        use-memory)
            rm -f /used/memory
            dd if=/dev/zero of=/used/memory bs=1M count="$rest"
            echo "guest $number: used"
            ;;
        write-disk)
            dd if=/dev/urandom of=/dev/vda bs=1M count="$rest"
            sync
            echo "guest $number: used"
            ;;
    esac
done
