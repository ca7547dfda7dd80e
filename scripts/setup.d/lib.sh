# Words and small tools that the other parts share.
# shellcheck shell=bash

readonly exit_no_environment=4
readonly ca_bundle=/etc/ssl/certs/ca-certificates.crt

# One line on what a slow step does.
say() { printf 'setup: %s\n' "$*" >&2; }

# Ends setup: what is wrong, then one line each on what to do.
give_up() {
  local code=$1
  shift
  printf 'setup: %s\n' "$1" >&2
  shift
  [ $# -eq 0 ] || printf '  %s\n' "$@" >&2
  exit "$code"
}

has() { command -v "$1" >/dev/null 2>&1; }

# Runs a command with its output in a file; shows the end of it only when the command failed.
quietly() {
  local log code=0
  log=$(mktemp)
  NO_COLOR=1 "$@" >"$log" 2>&1 </dev/null 9>&- || code=$?
  [ "$code" -eq 0 ] || tail -n 20 "$log" >&2
  rm -f "$log"
  return "$code"
}

is_root() { [ "$(id -u)" -eq 0 ]; }
os_field() { (. /etc/os-release 2>/dev/null && eval "printf '%s' \"\${$1:-}\"") || true; }
is_debian_like() { has apt-get && case " $(os_field ID) $(os_field ID_LIKE) " in *' debian '* | *' ubuntu '*) ;; *) false ;; esac; }

# Asks at a terminal; everywhere else the answer is yes, for nobody is there to give one.
agreed() {
  { [ -t 0 ] && [ -z "${CI:-}" ]; } || return 0
  local answer
  printf 'setup: %s [Y/n] ' "$1" >&2
  read -r answer || return 1
  case "$answer" in '' | [Yy] | [Yy][Ee][Ss]) ;; *) return 1 ;; esac
}

# Two setups at the same time must not install into one folder: the second waits for the first and finds all done.
# File descriptor 9 holds the lock, so whatever outlives setup has to close it.
hold_lock() {
  has flock || return 0
  exec 9>"${TMPDIR:-/tmp}/devgym-setup-$(id -u).lock"
  flock -n 9 && return 0
  say 'waiting for another setup on this machine'
  flock 9
}

apt_lists_are_fresh=no
apt_install() {
  if [ "$apt_lists_are_fresh" = no ]; then
    # A third-party list that fails is no reason to stop: the install below tells whether what we need was found.
    apt-get -qq update >/dev/null 2>&1 </dev/null 9>&- || true
    apt_lists_are_fresh=yes
  fi
  DEBIAN_FRONTEND=noninteractive quietly apt-get -y -o DPkg::Lock::Timeout=120 install --no-install-recommends "$@"
}
