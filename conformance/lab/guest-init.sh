#!/bin/sh
# Process 1 of a guest: prepares an NFS client, then runs the jobs that the host names on the serial line.
# LAB_FOLDER, LAB_REPOSITORY, LAB_NAME, LAB_IPV4, LAB_IPV6 come from the kernel's command line.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/tmp LC_ALL=C

mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t tmpfs tmpfs /run
mount -t tmpfs -o mode=1777 tmpfs /tmp
mount -t tmpfs tmpfs /mnt
mount -t tmpfs tmpfs /var/lib/nfs
mkdir /dev/shm /dev/pts
ln -s /proc/self/fd /dev/fd
mount -t devpts devpts /dev/pts

# The root is the host's own, read-only; LAB_FOLDER alone is shared both ways. It is written through at once,
# so that the host still gets the output of a job that hangs.
mkdir -p "$LAB_FOLDER"
mount -t hostfs -o "sync,$LAB_FOLDER" none "$LAB_FOLDER"

# What a guest runs of this repository must be there also where the guest has a folder of its own.
case $LAB_REPOSITORY in
  /tmp/* | /mnt/* | /run/*)
    mkdir -p "$LAB_REPOSITORY"
    mount -t hostfs -o "ro,$LAB_REPOSITORY" none "$LAB_REPOSITORY"
    ;;
esac

# No name but the lab's own is ever asked of a resolver.
printf '127.0.0.1 localhost %s\n::1 localhost\n%s server\n%s server\n' "$LAB_NAME" "$LAB_SERVER4" "$LAB_SERVER6" >/run/hosts
mount --bind /run/hosts /etc/hosts
: >/run/resolv.conf
[ -e /etc/resolv.conf ] && mount --bind /run/resolv.conf /etc/resolv.conf

# The host need not have a /lib/modules for a kernel that it does not run.
mkdir -p /run/modules/lib
ln -s /usr/lib/uml/modules /run/modules/lib/modules
printf '#!/bin/sh\nexec /sbin/modprobe -d /run/modules "$@"\n' >/run/modprobe
chmod +x /run/modprobe
echo /run/modprobe >/proc/sys/kernel/modprobe
/run/modprobe -a ipv6 nfsv3 nfsv2

hostname "$LAB_NAME"
ip link set lo up
ip link set eth0 up
ip address add "$LAB_IPV4" dev eth0
ip address add "$LAB_IPV6" dev eth0 nodad

mkdir -p /var/lib/nfs/sm /var/lib/nfs/sm.bak /run/rpcbind /run/sendsigs.omit.d
chown -R statd:nogroup /var/lib/nfs
rpcbind -w
rpc.statd --no-notify

stty -F /dev/ttyS0 raw -echo
exec 3<>/dev/ttyS0
echo ready >&3
while read -r verb id <&3; do
  case $verb in
    run)
      (
        bash "$LAB_FOLDER/$id.sh" >"$LAB_FOLDER/$id.out" 2>"$LAB_FOLDER/$id.err" </dev/null 3>&-
        echo "done $id $?" >&3
      ) &
      ;;
    blocked)
      # Tasks that wait for something go to the console, stack and all.
      dmesg -n 7
      echo w >/proc/sysrq-trigger
      ;;
    stop)
      umount -a -l -t nfs,nfs4
      poweroff -f
      ;;
  esac
done
poweroff -f
