#!/usr/bin/env bash
# Builds the image `debian-12`: a whole disk (GPT, a small FAT partition with the boot loader and the kernel, ext4) with
# systemd, the QEMU guest agent and cloud-init. Nothing is mounted and no loop device is needed: each file system is filled
# by its own tool. Needs root, since the files in the image belong to root.
#   images/debian-12/build.sh OUTDIR    gives OUTDIR/disk.qcow2
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd -P)
RECIPE_INPUTS=("$here/../hydra-log")
# shellcheck source=images/recipe.sh
source "$here/../recipe.sh"

suite=bookworm
boot_mib=32    # kernel and initramfs are 16 MiB
disk_mib=2048  # what the guest sees; only what is used takes room, and a VM with a larger disk grows its root partition
packages=(systemd systemd-sysv systemd-resolved dbus udev kmod qemu-guest-agent cloud-init e2fsprogs
    iproute2 iputils-ping netbase ca-certificates procps less nano-tiny curl
    busybox-static) # under which vm/exec runs programs: a fifth of what the same costs under dash and coreutils
# Nothing in a sandbox needs these, and each takes its share of the boot (under emulation up to a second).
masked_units=(apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service fstrim.timer getty@tty1.service
    getty-static.service systemd-networkd-wait-online.service systemd-binfmt.service systemd-pstore.service systemd-update-utmp.service
    systemd-update-utmp-runlevel.service systemd-repart.service systemd-random-seed.service systemd-machine-id-commit.service
    systemd-sysusers.service systemd-journal-flush.service systemd-firstboot.service systemd-initctl.socket systemd-journald-audit.socket
    systemd-ask-password-console.path systemd-ask-password-wall.path cryptsetup.target integritysetup.target veritysetup.target
    dev-hugepages.mount dev-mqueue.mount sys-kernel-debug.mount sys-kernel-tracing.mount sys-fs-fuse-connections.mount sys-kernel-config.mount
    proc-sys-fs-binfmt_misc.automount
    modprobe@configfs.service modprobe@dm_mod.service modprobe@drm.service modprobe@fuse.service modprobe@loop.service)
masked_generators=(systemd-cryptsetup-generator systemd-getty-generator systemd-gpt-auto-generator systemd-hibernate-resume-generator
    systemd-integritysetup-generator systemd-rc-local-generator systemd-run-generator systemd-system-update-generator systemd-sysv-generator
    systemd-veritysetup-generator)
masked_rules=(55-dm.rules 60-autosuspend.rules 60-drm.rules 60-evdev.rules 60-fido-id.rules 60-infiniband.rules 60-persistent-alsa.rules
    60-persistent-input.rules 60-persistent-storage-dm.rules 60-persistent-storage-tape.rules 60-persistent-v4l.rules 60-sensor.rules
    64-btrfs.rules 66-azure-ephemeral.rules 70-camera.rules 70-joystick.rules 70-memory.rules 70-mouse.rules 70-touchpad.rules
    70-uaccess.rules 71-seat.rules 73-seat-late.rules 75-net-description.rules 75-probe_mtd.rules 78-sound-card.rules 85-hwclock.rules
    95-dm-notify.rules 96-e2scrub.rules)
initrd_modules=(virtio_ring virtio virtio_pci_modern_dev virtio_pci_legacy_dev virtio_pci virtio_blk virtio_console)

recipe_begin debian-12 "${1:-}"
[[ $EUID -eq 0 ]] || fail 'building a root file system needs root: run this with sudo'
need mmdebstrap mmdebstrap; need mke2fs e2fsprogs; need mcopy mtools; need syslinux syslinux; need sfdisk fdisk; need cpio cpio; need qemu-img qemu-utils
for boot_code in /usr/lib/SYSLINUX/gptmbr.bin /usr/lib/syslinux/mbr/gptmbr.bin; do [[ ! -f $boot_code ]] || break; done
[[ -f $boot_code ]] || fail 'gptmbr.bin of syslinux is missing. Install it with: apt-get install --no-install-recommends syslinux syslinux-common'

# Where this machine gets Debian from, with the release that the image is of: apt lines for mmdebstrap.
debian_sources() {
    apt-get indextargets --format "\$(ORIGIN) \$(REPO_URI) \$(CODENAME)" 'Created-By: Packages' | sort -u | awk -v suite="$suite" '
        $1 != "Debian" { next }
        $3 ~ /-security$/ { print "deb " $2 " " suite "-security main"; next }
        $3 ~ /-updates$/ { print "deb " $2 " " suite "-updates main"; next }
        $3 !~ /-/ { print "deb " $2 " " suite " main" }'
}

step 'downloading the kernel and busybox from Debian'
unpack_package "$(kernel_package)" "$recipe_tmp/kernel"
unpack_package busybox-static "$recipe_tmp/busybox"
cp "$recipe_tmp"/kernel/boot/vmlinuz-* "$recipe_tmp/vmlinuz"
release=$(basename "$recipe_tmp"/kernel/lib/modules/*)
modules=$recipe_tmp/kernel/lib/modules/$release

step 'putting the initramfs together'
initrd=$recipe_tmp/initrd
mkdir -p "$initrd"/{bin,dev,lib/modules,proc,root,sys}
install -m 0755 "$here/initrd/init" "$initrd/init"
install -m 0755 "$recipe_tmp/busybox/bin/busybox" "$initrd/bin/busybox"
for module in "${initrd_modules[@]}"; do
    find "$modules" -name "$module.ko" -exec install -m 0644 {} "$initrd/lib/modules/" \;
    [[ -f $initrd/lib/modules/$module.ko ]] || fail "the kernel package has no module $module.ko: the list in images/debian-12/build.sh no longer fits this kernel"
done
find "$initrd" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
(cd "$initrd" && find . -mindepth 1 -print0 | sort -z | cpio --quiet --null --create --format=newc --reproducible --owner=+0:+0) \
    | gzip -n -9 >"$recipe_tmp/initrd.img"

step 'installing Debian into a directory'
# Drivers of hardware that no virtual machine has.
rm -rf "$modules"/kernel/drivers/{comedi,hid,hv,infiniband,md,nvdimm,nvme,platform,target,thermal,vfio,xen,net/ethernet} "$modules"/kernel/fs/{ocfs2,gfs2,ceph,dlm}
mirrors=$(debian_sources)
[[ -n $mirrors ]] || fail "no Debian among apt's sources on this machine: the image is made of Debian packages"
tree=$recipe_tmp/tree
mkdir "$tree"; chmod 0755 "$tree"
# shellcheck disable=SC2016  # $1 is for the shell that runs the hook: the directory of the tree
mmdebstrap --quiet --variant=minbase --include="$(IFS=,; echo "${packages[*]}")" \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/info/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
    --customize-hook="copy-in '$here/rootfs/etc' '$here/rootfs/usr' /" \
    --customize-hook='mkdir -p "$1/usr/lib/modules"' --customize-hook="copy-in '$modules' /usr/lib/modules" \
    --customize-hook='chmod 0755 "$1"/usr/lib/hydravisor/* "$1/etc/systemd/system-generators/cloud-init-generator"' \
    --customize-hook='chroot "$1" dpkg-divert --quiet --local --rename --divert /sbin/shutdown.systemd --add /sbin/shutdown && ln -s /usr/lib/hydravisor/shutdown "$1/sbin/shutdown"' \
    --customize-hook="install -m 0755 '$here/../hydra-log' \"\$1/usr/bin/hydra-log\"" \
    --customize-hook="chroot \"\$1\" depmod '$release'" \
    --customize-hook='chroot "$1" passwd -d root >/dev/null' \
    --customize-hook='chroot "$1" systemctl --quiet enable hydravisor-instance.service hydravisor-grow.service serial-getty@ttyS0.service' \
    --customize-hook='chroot "$1" systemctl --quiet disable systemd-networkd.service systemd-resolved.service' \
    --customize-hook="chroot \"\$1\" systemctl --quiet mask ${masked_units[*]}" \
    --customize-hook="cd \"\$1/etc/systemd/system-generators\" && for name in ${masked_generators[*]}; do ln -s /dev/null \$name; done" \
    --customize-hook="cd \"\$1/etc/udev/rules.d\" && for name in ${masked_rules[*]}; do ln -s /dev/null \$name; done" \
    --customize-hook='echo "LABEL=root / ext4 errors=remount-ro 0 0" >"$1/etc/fstab"' \
    --customize-hook='echo localhost >"$1/etc/hostname"; printf "127.0.0.1 localhost\n::1 localhost\n" >"$1/etc/hosts"; : >"$1/etc/machine-id"; : >"$1/etc/motd"' \
    --customize-hook='rm -rf "$1"/var/lib/apt/lists/* "$1"/var/cache/* "$1"/var/log/* "$1"/etc/update-motd.d/*' \
    "$suite" "$tree" - <<<"$mirrors" || fail 'mmdebstrap failed: see what it says above'

step 'putting the disk together'
# Each tool writes at its place in the disk. The identities are fixed; a VM tells its own from the machine id.
disk=$recipe_tmp/disk.raw
root_mib=$((disk_mib - boot_mib - 2))
truncate -s "${disk_mib}M" "$disk"
sfdisk --quiet "$disk" <<END
label: gpt
label-id: 7b0d5b5e-3f0c-4c51-8f0e-0c3f6d2b9a10
start=1MiB, size=${boot_mib}MiB, type=BC13C2FF-59E6-4262-A352-B275FD6F7172, name=boot, uuid=7b0d5b5e-3f0c-4c51-8f0e-0c3f6d2b9a11, attrs=LegacyBIOSBootable
start=$((boot_mib + 1))MiB, size=${root_mib}MiB, type=4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709, name=root, uuid=7b0d5b5e-3f0c-4c51-8f0e-0c3f6d2b9a12
END
dd if="$boot_code" of="$disk" conv=notrunc bs=440 count=1 status=none
mformat -i "$disk@@1M" -v BOOT -N 48594452 -H 2048 -h 255 -s 63 -T $((boot_mib * 2048)) ::
mcopy -i "$disk@@1M" "$recipe_tmp/vmlinuz" "$recipe_tmp/initrd.img" "$here/syslinux.cfg" ::
syslinux --install --offset $((1024 * 1024)) "$disk"
mke2fs -q -t ext4 -L root -U 5a9f9e0c-6f43-4a0f-9a0a-4d8e1b3f2c71 \
    -E "hash_seed=5a9f9e0c-6f43-4a0f-9a0a-4d8e1b3f2c71,lazy_itable_init=0,offset=$(((boot_mib + 1) * 1024 * 1024))" \
    -J size=16 -m 1 -d "$tree" "$disk" "${root_mib}M"
qemu-img convert -f raw -O qcow2 "$disk" "$recipe_tmp/disk.qcow2"

publish "$recipe_tmp/disk.qcow2" disk.qcow2
recipe_end
