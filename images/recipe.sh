# Shared by the image recipes (images/*/build.sh); sourced, not run.
#
# A recipe makes the files of one image in a temporary directory and hands them to `publish`. Every published file is
# called after its own content (disk-<12 hex>.qcow2) and a link with the plain name (disk.qcow2) leads to the newest one:
# VMs hold the former, so building an image anew never changes what lies under an existing VM. Nothing half-made is ever seen.
#
# A recipe sets RECIPE_INPUTS (what its result depends on besides its own folder) and calls, in this order:
#   recipe_begin NAME OUTDIR   takes the lock; exits 0 when what is there was made by the same recipe
#   step TEXT                  starts a step: the line printed shows how long the one before took
#   publish FILE NAME          hands over one file
#   recipe_end                 writes SHA256SUMS and recipe.sha256
# shellcheck shell=bash

umask 022
export LC_ALL=C TZ=UTC
# One fixed moment for every time stamp inside an image, so that the same packages give the same bytes.
export SOURCE_DATE_EPOCH=1735689600

recipe_name='' recipe_out='' recipe_tmp='' recipe_digest='' recipe_started='' step_text='' step_started=''
recipe_published=()

now_ms() { local t=${EPOCHREALTIME/[.,]/}; echo $((t / 1000)); }

seconds_since() { local d=$(($(now_ms) - $1)); printf '%d.%d s' $((d / 1000)) $((d % 1000 / 100)); }

fail() { printf '%s: %s\n' "${recipe_name:-recipe}" "$*" >&2; exit 1; }

step_end() { [[ -z $step_text ]] || printf '%s: %s: %s\n' "$recipe_name" "$step_text" "$(seconds_since "$step_started")"; step_text=''; }

step() { step_end; step_text=$1; step_started=$(now_ms); [[ ! -t 1 ]] || printf '%s: %s …\r' "$recipe_name" "$step_text"; }

# Fails with the package to install when a program is missing: `need mmdebstrap mmdebstrap`.
need() { command -v "$1" >/dev/null 2>&1 || fail "the program $1 is missing. Install it with: apt-get install --no-install-recommends $2"; }

# Digest of everything the result depends on that is under our control: the recipe's folder, this file, the inputs named.
digest_recipe() {
    local dir=$1; shift
    { find "$dir" -type f -print0; printf '%s\0' "${BASH_SOURCE[0]}" "$@"; } | sort -z | while IFS= read -r -d '' file; do
        printf '%s %s\n' "$(basename "$file")" "$(sha256sum <"$file" | cut -d' ' -f1)"
    done | sha256sum | cut -d' ' -f1
}

# Whether every published file is there. (Files are read-only and called after their content; `sha256sum --check SHA256SUMS` proves it.)
all_there() {
    local _ name
    [[ -s $recipe_out/SHA256SUMS ]] || return 1
    while read -r _ name; do [[ -s $recipe_out/$name ]] || return 1; done <"$recipe_out/SHA256SUMS"
}

recipe_begin() {
    recipe_name=$1
    [[ -n ${2:-} ]] || fail "usage: build.sh OUTDIR (the directory that the finished image is put into)"
    mkdir -p "$2"
    recipe_out=$(cd "$2" && pwd -P)
    recipe_digest=$(digest_recipe "$(cd "$(dirname "$0")" && pwd -P)" "${RECIPE_INPUTS[@]}")
    exec 9>"$recipe_out/.lock"
    flock -n 9 || { echo "$recipe_name: another build is under way, waiting for it"; flock 9; }
    if [[ -z ${HYDRAVISOR_REBUILD:-} && -f $recipe_out/recipe.sha256 && $(<"$recipe_out/recipe.sha256") == "$recipe_digest" ]] && all_there; then
        exit 0
    fi
    recipe_started=$(now_ms)
    recipe_tmp=$(mktemp -d "$recipe_out/.building.XXXXXXXX")
    trap 'rm -rf -- "$recipe_tmp"' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    # What an earlier build left that was killed outright: nobody else can be building, we hold the lock.
    find "$recipe_out" -maxdepth 1 -name '.building.*' ! -path "$recipe_tmp" -exec rm -rf -- {} +
}

publish() {
    local file=$1 name=$2 digest kept
    digest=$(sha256sum <"$file" | cut -d' ' -f1)
    if [[ $name == *.* ]]; then kept=${name%.*}-${digest:0:12}.${name##*.}; else kept=$name-${digest:0:12}; fi
    chmod 0444 "$file"
    # The very same bytes may already be in use under this name: then they stay as they are.
    [[ -e $recipe_out/$kept ]] || mv -- "$file" "$recipe_out/$kept"
    ln -s "$kept" "$recipe_tmp/.link"
    mv -T -- "$recipe_tmp/.link" "$recipe_out/$name"
    recipe_published+=("$name")
}

recipe_end() {
    (cd "$recipe_out" && sha256sum -- "${recipe_published[@]}") >"$recipe_tmp/SHA256SUMS"
    mv -- "$recipe_tmp/SHA256SUMS" "$recipe_out/SHA256SUMS"
    printf '%s\n' "$recipe_digest" >"$recipe_tmp/recipe.sha256"
    mv -- "$recipe_tmp/recipe.sha256" "$recipe_out/recipe.sha256"
    step_end
    printf '%s: built in %s: %s\n' "$recipe_name" "$(seconds_since "$recipe_started")" \
        "$(cd "$recipe_out" && du -hD --apparent-size -- "${recipe_published[@]}" | awk '{ print $2 " " $1 }' | paste -sd,)"
}

# Downloads the .deb of a package into a directory and unpacks it beside; nothing is installed.
unpack_package() {
    local package=$1 into=$2
    mkdir -p "$into.deb" "$into"
    # As root apt would drop to its own user, which may not write to our directory; it says so at length.
    (cd "$into.deb" && apt-get -q -q -o APT::Sandbox::User=root download "$package") || fail "cannot download the package $package: run apt-get update first"
    dpkg-deb -x "$into.deb"/*.deb "$into"
}

# The package that linux-image-cloud-amd64 stands for today, e.g. linux-image-6.1.0-1-cloud-amd64.
kernel_package() {
    local package
    package=$(apt-cache depends linux-image-cloud-amd64 2>/dev/null | awk '/ Depends: linux-image-/ { print $2; exit }')
    [[ -n $package ]] || fail "apt knows no linux-image-cloud-amd64: run apt-get update first, and see that the main archive of Debian (amd64) is among its sources"
    echo "$package"
}
