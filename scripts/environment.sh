# Shared by the scripts; sourced, not run. Where things are, and how to speak to the person who runs them.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
if [[ $EUID -eq 0 ]]; then state_home=/var/lib; else state_home=${XDG_DATA_HOME:-$HOME/.local/share}; fi
export HYDRAVISOR_DATA=${HYDRAVISOR_DATA:-$state_home/hydravisor}
export HYDRAVISOR_IMAGES=${HYDRAVISOR_IMAGES:-$state_home/hydravisor/images}
export HYDRAVISOR_LISTEN=${HYDRAVISOR_LISTEN:-127.0.0.1:7411}
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_CLI_UI_LANGUAGE=en

if [[ -t 2 && -z ${NO_COLOR:-} ]]; then bold=$'\e[1m' plain=$'\e[0m'; else bold='' plain=''; fi

say() { printf '%s%s%s\n' "$bold" "$*" "$plain" >&2; }
warn() { printf 'warning: %s\n' "$*" >&2; }
fail() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; exit 1; }

# The program, built when a source is newer than the last build; several scripts at once build it once.
program=$root/src/Hydravisor.Host/bin/Release/net10.0/hydravisor.dll
built=$root/src/Hydravisor.Host/obj/built-by-scripts

# Sources that match a further test of find, such as -newer FILE; none: all.
sources() {
    find "$root/src" "$root/eng" "$root/hocon" "$root"/Directory.*.props "$root/global.json" \
        \( -name bin -o -name obj \) -prune -o -type f "$@" -print | sort
}

# The mark of a build lists its sources, so that one removed or added with an old date shows too.
is_fresh() { [[ -f $program && -f $built && $(sources) == "$(<"$built")" && -z $(sources -newer "$built") ]]; }

# Servers that a build leaves running must not inherit the lock, hence 9>&- for whatever runs under it.
lock_build() { mkdir -p "${built%/*}"; exec 9>"$built.lock"; flock 9; }
unlock_build() { exec 9>&-; }

build_program() {
    is_fresh && return
    command -v dotnet >/dev/null || fail 'the .NET SDK is missing: install version 10 (dotnet-sdk-10.0), then run this again'
    lock_build
    if ! is_fresh; then
        say 'Building Hydravisor …'
        sources >"$built.started"
        dotnet build "$root/src/Hydravisor.Host" -c Release --nologo -v quiet -clp:NoSummary >"$built.log" 2>&1 9>&- || { cat "$built.log" >&2; fail 'the build failed'; }
        mv "$built.started" "$built"
    fi
    unlock_build
}

# The pid of the node that serves this data directory, if one does.
node_pid() {
    local pid
    [[ -s $HYDRAVISOR_DATA/node.pid ]] || return 1
    read -r pid <"$HYDRAVISOR_DATA/node.pid" || [[ -n $pid ]]
    [[ $pid =~ ^[0-9]+$ && -r /proc/$pid/cmdline ]] || return 1
    tr '\0' ' ' <"/proc/$pid/cmdline" | grep -q hydravisor || return 1
    echo "$pid"
}

# Starts a node of its own session, so that Ctrl-C reaches only the script, and returns when it serves. Sets node and serving.
start_node() {
    local out=$HYDRAVISOR_DATA/logs/node.out line follow
    mkdir -p -m 0700 "$HYDRAVISOR_DATA/logs"
    [[ ! -f $out ]] || mv "$out" "$out.before"
    : >"$out"
    setsid "$root/scripts/hydravisor" serve --profile development </dev/null >"$out" 2>&1 &
    node=$! serving=''
    exec 8< <(exec tail --pid="$node" -s 0.2 -n +1 -f "$out")
    follow=$!
    while IFS= read -r line <&8; do
        if [[ $line =~ serving\ on\ ([^[:space:]]+) ]]; then serving=${BASH_REMATCH[1]}; break; fi
    done
    kill "$follow" 2>/dev/null || true
    exec 8<&-
    if [[ -z $serving ]]; then
        cat "$out" >&2
        wait "$node" || true
        fail "the node ended before it served; what it said stands above and in $out"
    fi
}
