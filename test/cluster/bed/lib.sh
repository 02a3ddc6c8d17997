# Sourced by up, down and ctl: where an instance is, and the parts that start and stop it.
# shellcheck shell=bash
set -euo pipefail

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
CACHE=${FARO_TESTBED_CACHE:-$HOME/.cache/faro-testbed}
DIR=${FARO_TESTBED_DIR:-${TMPDIR:-/tmp}/faro-testbed}
KUBELETS=${FARO_TESTBED_KUBELETS:-1}
KWOK_NODES=${FARO_TESTBED_KWOK_NODES:-0}

say() { printf '%s\n' "bed: $*" >&2; }
die() { say "$*"; exit 1; }

# until_ok SECONDS WHAT COMMAND…: repeats the command until it succeeds, and ends the script when it never does.
until_ok() {
  local limit=$1 what=$2 end=$((SECONDS + $1))
  shift 2
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < end)) || die "$what: not within $limit s (logs: $DIR/log)"
    sleep 0.1
  done
}

. "$HERE/build.sh"
. "$HERE/process.sh"

# free_port VARIABLE: below the range that outgoing connections are given.
TAKEN=' '
free_port() {
  local candidate
  while :; do
    candidate=$((20000 + RANDOM % 12000))
    [[ $TAKEN == *" $candidate "* ]] && continue
    (exec 3<>"/dev/tcp/127.0.0.1/$candidate") 2>/dev/null && continue
    TAKEN+="$candidate "
    printf -v "$1" %s "$candidate"
    return
  done
}

kubectl() { "$(module_bin kubernetes)/kubectl" --kubeconfig "$DIR/kubeconfig" "$@"; }
