#!/usr/bin/env bash
# The bare thing: a disk over an image and a QEMU process with a monitor and forwarded ports; prints the process's id.
# vm-run.sh FOLDER IMAGE tcg|kvm MEMORY_MIB ADDRESS   (IMAGE without its .qcow2; IMAGE.kernel and IMAGE.initrd lie beside it)
set -euo pipefail
folder=$1 image=$2 accelerator=$3 memory=$4 address=$5
mkdir -p "$folder"
cd "$folder"
qemu-img create -q -f qcow2 -F qcow2 -b "$image.qcow2" disk.qcow2 1G
cpu=max
[ "$accelerator" = tcg ] || cpu=host,-arch-capabilities
setsid qemu-system-x86_64 -machine "q35,accel=$accelerator" -cpu "$cpu" -smp 1 -m "$memory" -nodefaults -no-user-config -display none \
  -kernel "$image.kernel" -initrd "$image.initrd" -append "console=ttyS0 panic=-1 quiet" -no-reboot \
  -drive file=disk.qcow2,if=none,id=disk,format=qcow2 -device virtio-blk-pci,drive=disk \
  -netdev "user,id=net,hostfwd=tcp:$address:22-:22,hostfwd=tcp:$address:80-:80" -device virtio-net-pci,netdev=net,romfile= \
  -serial file:console.log -qmp unix:qmp.sock,server=on,wait=off \
  -sandbox on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny </dev/null >qemu.log 2>&1 &
echo $!
