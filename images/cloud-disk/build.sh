#!/usr/bin/env bash
# Makes a cloud image as distributions publish them: one compressed qcow2 file with a whole disk, to be taken in with
# `hydravisor image import`. It holds the system of images/debian-12; it is there to test and to show the import.
#   images/cloud-disk/build.sh OUT.qcow2    prints the file's SHA-256 at the end
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd -P)
out=${1:-}
[[ $out == *.qcow2 ]] || { echo 'usage: build.sh OUT.qcow2 (the file to write)' >&2; exit 2; }
images=${HYDRAVISOR_IMAGES:-/var/lib/hydravisor/images}
"$here/../debian-12/build.sh" "$images/debian-12"
umask 022
part=$(mktemp "$out.XXXXXXXX")
trap 'rm -f -- "$part"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
qemu-img convert -f qcow2 -O qcow2 -c -o compression_type=zstd "$images/debian-12/disk.qcow2" "$part"
chmod 0644 "$part"
mv -T -- "$part" "$out"
printf '%s: %s, sha256 %s\n' "$out" "$(du -h "$out" | cut -f1)" "$(sha256sum <"$out" | cut -d' ' -f1)"
