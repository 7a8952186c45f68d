#!/usr/bin/env bash
# Builds the image `tiny`: Debian's cloud kernel and an initramfs of busybox and a handful of modules.
# It boots to a root shell on the serial console in about two seconds under emulation, without disk and without network.
#   images/tiny/build.sh OUTDIR    gives OUTDIR/vmlinuz and OUTDIR/initrd.img
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd -P)
RECIPE_INPUTS=("$here/../hydra-log")
# shellcheck source=images/recipe.sh
source "$here/../recipe.sh"

# In the order in which they can be loaded. All that the guest may ever need is here; /etc/rcS loads what it has a device for.
modules=(button evdev qemu_fw_cfg
    virtio_ring virtio virtio_pci_modern_dev virtio_pci_legacy_dev virtio_pci
    virtio_console virtio_blk virtio-rng failover net_failover virtio_net)

recipe_begin tiny "${1:-}"
need cpio cpio

step 'downloading the kernel and busybox from Debian'
unpack_package "$(kernel_package)" "$recipe_tmp/kernel"
unpack_package busybox-static "$recipe_tmp/busybox"

step 'putting the initramfs together'
root=$recipe_tmp/root
mkdir -p "$root"/{bin,dev,etc,lib/modules,mnt,proc,root,run,sbin,sys,tmp,usr/bin,usr/sbin,var}
cp -R "$here/rootfs/." "$root/"
install -m 0755 "$recipe_tmp/busybox/bin/busybox" "$root/bin/busybox"
install -m 0755 "$here/../hydra-log" "$root/usr/bin/hydra-log"
# One link for each program that busybox has, so that `which vi` and scripts with a full path work too.
chroot_list=$("$root/bin/busybox" --list)
for applet in $chroot_list; do [[ $applet == busybox ]] || ln -s busybox "$root/bin/$applet"; done
ln -s ../bin/busybox "$root/sbin/init"
for module in "${modules[@]}"; do
    found=$(find "$recipe_tmp/kernel/lib/modules" -name "$module.ko")
    [[ -f $found ]] || fail "the kernel package has no module $module.ko: the list in images/tiny/build.sh no longer fits this kernel"
    install -m 0644 "$found" "$root/lib/modules/$module.ko"
done
# The order must suit what the modules need of each other in this kernel.
mkdir -p "$recipe_tmp/depmod/lib/modules/0.0.0"
cp "$root"/lib/modules/*.ko "$recipe_tmp/depmod/lib/modules/0.0.0/"
"$root/bin/busybox" depmod -b "$recipe_tmp/depmod" 0.0.0
loaded=' '
for module in "${modules[@]}"; do
    read -ra all_needed < <(sed -n "s/^$module\.ko://p" "$recipe_tmp/depmod/lib/modules/0.0.0/modules.dep")
    for needed in "${all_needed[@]}"; do
        [[ $loaded == *" ${needed%.ko} "* ]] || fail "the module $module needs ${needed%.ko} before it: correct the order here and in rootfs/etc/rcS"
    done
    loaded+="$module "
done
find "$root" -type d -exec chmod 0755 {} +
find "$root/etc" -type f -exec chmod 0644 {} +
chmod 0755 "$root/init" "$root/etc/rcS" "$root/etc/udhcpc.script" "$root/etc/vport" "$root/etc/acpi/PWRF/00000080"
chmod 0700 "$root/root"; chmod 1777 "$root/tmp"
find "$root" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
(cd "$root" && find . -mindepth 1 -print0 | sort -z | cpio --quiet --null --create --format=newc --reproducible --owner=+0:+0) \
    | gzip -n -9 >"$recipe_tmp/initrd.img"
cp "$recipe_tmp"/kernel/boot/vmlinuz-* "$recipe_tmp/vmlinuz"

publish "$recipe_tmp/vmlinuz" vmlinuz
publish "$recipe_tmp/initrd.img" initrd.img
recipe_end
