# Sourced by lib.sh: components as processes, each known by name, pid and start time.
# shellcheck shell=bash

started_at() { awk '{ sub(/.*\) /, ""); print $20 }' "/proc/$1/stat" 2>/dev/null; }

# running NAME: prints its pid. A pid that was given to another process since does not count.
running() {
  local pid since
  read -r pid since 2>/dev/null <"$DIR/run/$1.pid" || return 1
  [[ -n $since && $(started_at "$pid") == "$since" ]] && echo "$pid"
}

remember() { echo "$2 $(started_at "$2")" >"$DIR/run/$1.pid"; }

# start NAME COMMAND…: in a session of its own, with its output in log/NAME.log.
start() {
  local name=$1
  shift
  printf '%s\0' "$@" >"$DIR/run/$name.command"
  setsid "$@" >>"$DIR/log/$name.log" 2>&1 </dev/null &
  remember "$name" $!
}

# start_in NODE NAME COMMAND…: like start, in the mount and process namespaces of NODE.
start_in() {
  local node=$1 name=$2 inside entry child=''
  shift 2
  printf '%s\0' "$node" "$@" >"$DIR/run/$name.command-in"
  inside=$(child_of "$(running "$node")") # before the fork: in the background it would name a child of the subshell
  setsid nsenter --target "$inside" --mount --pid -- "$@" \
    >>"$DIR/log/$name.log" 2>&1 </dev/null &
  entry=$!
  until child=$(child_of $entry); do
    kill -0 $entry 2>/dev/null || die "$name did not start (log: $DIR/log/$name.log)"
    sleep 0.02
  done
  remember "$name" "$child"
}

child_of() {
  local child=''
  read -r child _ <"/proc/$1/task/$1/children" || true # it has no newline, which read calls a failure
  [[ -n $child ]] && echo "$child"
} 2>/dev/null

# start_again NAME ARGUMENT…: with the arguments of before, and this once with these as well.
start_again() {
  local -a command
  if [[ -f $DIR/run/$1.command-in ]]; then
    mapfile -d '' command <"$DIR/run/$1.command-in"
    start_in "${command[0]}" "$1" "${command[@]:1}"
  elif [[ -f $DIR/run/$1.command ]]; then
    mapfile -d '' command <"$DIR/run/$1.command"
    start "$1" "${command[@]}" "${@:2}"
    printf '%s\0' "${command[@]}" >"$DIR/run/$1.command"
  else
    die "no component $1; there are: $(components)"
  fi
}

components() { (cd "$DIR/run" && ls ./*.pid 2>/dev/null | sed 's|^\./||; s|\.pid$||' | tr '\n' ' '); }

# stop NAME [SIGNAL]: TERM unless told, and KILL when it is still there after 10 s.
stop() {
  local pid end=$((SECONDS + 10))
  pid=$(running "$1") || return 0
  kill -CONT "$pid" 2>/dev/null || true
  kill "-${2:-TERM}" "$pid" 2>/dev/null || true
  while running "$1" >/dev/null; do
    if ((SECONDS >= end)); then kill -KILL "$pid" 2>/dev/null || true; fi
    sleep 0.05
  done
}
