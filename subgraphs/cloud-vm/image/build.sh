#!/usr/bin/env bash
# Builds the image `small-linux` into $HUTONG_DATA_DIR/images, of Debian's kernel and busybox only: a guest that is up in
# seconds, serves a web page on port 80, and shuts down when its power button is pressed. What it serves is in `guest/`.
# Nothing that is running is disturbed: machines keep the files that they were made of.
set -euo pipefail
export PATH=$PATH:/usr/sbin:/sbin DEBIAN_FRONTEND=noninteractive
here=$(cd "$(dirname "$0")" && pwd)
images=$(cd "$here/../../.." && realpath -m "${HUTONG_DATA_DIR:-.hutong}")/images
name=small-linux

if [ "$(uname -m)" != x86_64 ]; then echo "machines on this host need an x86_64 processor, this is $(uname -m)" >&2; exit 1; fi
missing=()
for program in busybox:busybox-static cpio:cpio mke2fs:e2fsprogs qemu-img:qemu-utils apt-get:apt dpkg-deb:dpkg; do
  command -v "${program%%:*}" >/dev/null || missing+=("${program##*:}")
done
if [ ${#missing[@]} -gt 0 ]; then
  echo "missing; as root: apt-get update && apt-get install -y --no-install-recommends ${missing[*]}" >&2
  exit 1
fi
busybox=$(command -v busybox)
if ldd "$busybox" >/dev/null 2>&1; then
  echo "this busybox needs libraries; as root: apt-get update && apt-get install -y --no-install-recommends busybox-static" >&2
  exit 1
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$images"
cd "$work"
# apt downloads as a user of its own.
chmod 755 .

package=$(apt-cache depends linux-image-cloud-amd64 | awk '/Depends: linux-image/ { print $2; exit }')
apt-get download -q -o APT::Sandbox::User=root "$package" >/dev/null
dpkg-deb -x ./linux-image-*.deb kernel
modules=$(echo kernel/lib/modules/*/kernel)

# The initial ramdisk: what it takes to find the disk.
mkdir -p initrd/bin initrd/modules initrd/proc initrd/sys initrd/dev initrd/root
cp "$busybox" initrd/bin/busybox
cp "$here/guest/initrd-init" initrd/init
order=(virtio/virtio_ring virtio/virtio virtio/virtio_pci_modern_dev virtio/virtio_pci_legacy_dev virtio/virtio_pci block/virtio_blk
  net/core/failover net/net_failover net/virtio_net acpi/button input/evdev)
for module in "${order[@]}"; do
  for file in "$modules/drivers/$module.ko" "$modules/$module.ko"; do
    [ ! -e "$file" ] || { cp "$file" initrd/modules/; basename "$file" >>initrd/modules/order; }
  done
done
chmod 755 initrd/init
(cd initrd && find . | cpio -o -H newc --quiet | gzip -9) >initrd.gz

# The disk.
mkdir -p disk/bin disk/proc disk/sys disk/dev disk/tmp disk/etc/acpi/PWRF disk/var/log disk/var/run disk/www/cgi-bin disk/www/files
cp "$busybox" disk/bin/busybox
cp "$here/guest/init" disk/init
cp "$here/guest/address" disk/etc/address
cp "$here/guest/power-button" disk/etc/acpi/PWRF/00000080
cp "$here/guest/index.html" disk/www/index.html
cp "$here/guest/cgi-bin/"* disk/www/cgi-bin/
chmod 755 disk/init disk/etc/address disk/etc/acpi/PWRF/00000080 disk/www/cgi-bin/*
echo 'root:x:0:0:root:/:/bin/sh' >disk/etc/passwd
mke2fs -q -t ext4 -d disk -L root disk.raw 48M
qemu-img convert -f raw -O qcow2 -c disk.raw disk.qcow2

# Each in one step, the disk last: with it the image is seen.
place() { cp "$1" "$images/.$2.part" && mv -f "$images/.$2.part" "$images/$2"; }
place kernel/boot/vmlinuz-* "$name.kernel"
place initrd.gz "$name.initrd"
cat >manifest.json <<JSON
{ "kernel": "$name.kernel", "initrd": "$name.initrd", "commandLine": "console=ttyS0 panic=-1 quiet" }
JSON
place manifest.json "$name.json"
place disk.qcow2 "$name.qcow2"
echo "$images/$name.qcow2"
